/** @mien/models: architectures, their registry, and weights for them. */

// Architectures
export type { Architecture, BuildOptions } from './architecture.ts';
export { describeValues, type OptionSpec, type OptionSpecs, type OptionValue, readOptions } from './options.ts';
export { architectures, findArchitecture } from './registry.ts';
export { landmarkInput } from './blocks/landmark-branch.ts';
// Weight files
export {
  type DecodedSafetensors,
  decodeSafetensors,
  encodeSafetensors,
  type NamedTensor,
  type SafetensorsFile,
  type UnreadTensor,
} from './weights/safetensors.ts';
export { type DecodedWeights, decodeWeights, encodeWeights, weightsFormat } from './weights/weights-file.ts';
export { printableName } from './weights/printable-name.ts';
// Weights of other libraries
export { bestFit, checkFit, type ModelFit } from './weights/check-fit.ts';
export { type FoldedNorm, importWeights, type ImportWeightsOptions, type WeightImport } from './weights/import-weights.ts';
export type { MissingWeight, SkippedTensor } from './weights/match-tensors.ts';
export { imagenetNormalisation, type Normalisation, symmetricNormalisation } from './weights/normalisation.ts';
export { parseStatedNormalisation } from './weights/stated-normalisation.ts';
export { unfoldBatchNorm, type UnfoldOptions } from './weights/unfold-batch-norm.ts';
export { findHubWeights, findHubWeightsAt, type HubWeights, hubWeights } from './weights/catalogue.ts';
