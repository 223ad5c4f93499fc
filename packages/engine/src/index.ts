/** @mien/engine: networks built, differentiated and trained on ONNX Runtime. */

// Graphs and differentiation
export { describe, Graph, type Parameter, Value } from './graph.ts';
export { gradients } from './autodiff.ts';
// Ops, named as in the ONNX specification
export { gelu, hardSigmoid, hardSwish, relu, relu6, sigmoid, silu, tanh } from './ops/activation.ts';
export { add, div, mul, neg, scale, sub } from './ops/arithmetic.ts';
export { attention, selfAttention } from './ops/attention.ts';
export { concat, slice } from './ops/concat.ts';
export { conv, type ConvOptions } from './ops/conv.ts';
export { dense } from './ops/dense.ts';
export { dropout, stochasticDepth } from './ops/dropout.ts';
export { scaleChannels } from './ops/gate.ts';
export { layerNorm } from './ops/layer-norm.ts';
export { distillationLoss, softmaxCrossEntropy } from './ops/loss.ts';
export { matMul } from './ops/matmul.ts';
export { batchNorm, batchNormFrozen, batchNormInference } from './ops/normalization.ts';
export { adaptiveAveragePool, averagePool, type AveragePoolOptions, globalAveragePool, maxPool, type PoolOptions } from './ops/pooling.ts';
export { resize } from './ops/resize.ts';
export { reduceMax, reduceMean, reduceSum, sumAll } from './ops/reduce.ts';
export { expand, flatten, reshape, transpose, unsqueeze } from './ops/shape.ts';
export { softmax } from './ops/softmax.ts';
export { prependToken, toTokens } from './ops/tokens.ts';
// Networks and layers
export {
  type BuildOptions,
  buildNetwork,
  type BuiltNetwork,
  describeNetwork,
  type LayerInfo,
  type AnyNetwork,
  type MaskSpec,
  type MultiHeadNetwork,
  Net,
  type Network,
  type NetworkSummary,
  type Weights,
  type WeightSpec,
} from './network.ts';
export { type AttentionLayerOptions, classToken, multiHeadAttention, positionalEmbedding } from './layers/attention-layer.ts';
export { cbam, type CbamOptions, channelAttention, spatialAttention } from './layers/cbam.ts';
export { convLayer, type ConvLayerOptions } from './layers/conv-layer.ts';
export { denseLayer, type DenseLayerOptions } from './layers/dense-layer.ts';
export { dropoutLayer, stochasticDepthLayer } from './layers/dropout-layer.ts';
export { convNorm, denseNormLayer, layerNormLayer, normLayer, type NormLayerOptions } from './layers/norm-layer.ts';
export { squeezeExcite } from './layers/squeeze-excite.ts';
export { constantOf, glorotUniform, heNormal, normal, type Initializer, type Random } from './initializers.ts';
// Kernels
export { type Kernels, portableKernels, standardKernels } from './kernels/kernels.ts';
export { chooseKernels, probeKernels, type ProbeResult, relativeError } from './kernels/probe.ts';
export { blockWeights, unblockWeights } from './kernels/weight-layout.ts';
// Training
export { LiveInference, type LiveInferenceOptions } from './live-inference.ts';
export { TrainStep, type TrainStepOptions } from './train-step.ts';
export { featureSizeOf, createFeatureTraining, type FeatureTraining } from './feature-training.ts';
export type { HeadOptions } from './training-graph.ts';
export { adam, type AdamOptions } from './optim/adam.ts';
export { accumulateGradients, type GradientAccumulator } from './optim/accumulate.ts';
export { clipGradients, gradientNorm } from './optim/clip.ts';
export { averageWeights, type WeightAverage } from './optim/ema.ts';
export type { GroupOf, Optimizer, OptimizerSlot, ParameterGroup } from './optim/optimizer.ts';
export { afterFigure, type PlateauOptions, type PlateauState, plateauStart } from './optim/plateau.ts';
export { learningRateAt, type ScheduleOptions } from './optim/schedule.ts';
export { sgd, type SgdOptions } from './optim/sgd.ts';
