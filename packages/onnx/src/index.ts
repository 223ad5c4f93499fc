/** @mien/onnx: ONNX files and the session interface. Imports nothing of Mien, and nothing of Node. */

// Model files
export { type Attribute, decodeModel, encodeModel, type OnnxModel, type OnnxNode, type OnnxPort, readMetadata } from './model-file.ts';
// Tensors
export {
  allocate,
  bytesOf,
  bytesPerElement,
  type DType,
  type DTypeArrays,
  dtypeCodes,
  dtypeOfCode,
  type Shape,
  sizeOf,
  type TensorData,
  type TensorValue,
  tensor,
  viewBytes,
} from './tensor.ts';
export { decodeFloat16, encodeFloat16 } from './float16.ts';
export { halveWeights } from './half-weights.ts';
// Sessions
export type { CreateSession, Device, Feeds, Session, SessionOptions } from './session.ts';
