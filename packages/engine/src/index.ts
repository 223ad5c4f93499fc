/** @mien/engine: networks built, differentiated and trained on ONNX Runtime. */

// Graphs and differentiation
export { describe, Graph, type Parameter, Value } from './graph.ts';
export { gradients } from './autodiff.ts';
// Ops, named as in the ONNX specification
export { gelu, hardSigmoid, hardSwish, relu, relu6, sigmoid, silu, tanh } from './ops/activation.ts';
export { add, div, mul, neg, scale, sub } from './ops/arithmetic.ts';
export { attention } from './ops/attention.ts';
export { concat, slice } from './ops/concat.ts';
export { conv, type ConvOptions } from './ops/conv.ts';
export { dense } from './ops/dense.ts';
export { dropout } from './ops/dropout.ts';
export { scaleChannels } from './ops/gate.ts';
export { layerNorm } from './ops/layer-norm.ts';
export { softmaxCrossEntropy } from './ops/loss.ts';
export { matMul } from './ops/matmul.ts';
export { batchNorm, batchNormInference } from './ops/normalization.ts';
export { averagePool, globalAveragePool, maxPool } from './ops/pooling.ts';
export { reduceMax, reduceMean, reduceSum, sumAll } from './ops/reduce.ts';
export { expand, flatten, reshape, transpose, unsqueeze } from './ops/shape.ts';
export { softmax } from './ops/softmax.ts';
// Networks and layers
export {
  buildNetwork,
  type BuiltNetwork,
  describeNetwork,
  type LayerInfo,
  Net,
  type Network,
  type NetworkSummary,
  type Weights,
  type WeightSpec,
} from './network.ts';
export { convLayer, convNorm, denseLayer, denseNormLayer, dropoutLayer, normLayer, squeezeExcite } from './layers.ts';
export { constantOf, glorotUniform, heNormal, type Initializer, type Random } from './initializers.ts';
// Kernels
export { type Kernels, standardKernels } from './kernels/kernels.ts';
export { probeKernels, type ProbeResult, relativeError } from './kernels/probe.ts';
export { blockWeights, unblockWeights } from './kernels/weight-layout.ts';
// Training
export { TrainStep, type TrainStepOptions } from './train-step.ts';
export { adam, type AdamOptions } from './optim/adam.ts';
export type { Optimizer, OptimizerSlot } from './optim/optimizer.ts';
export { learningRateAt, type ScheduleOptions } from './optim/schedule.ts';
export { sgd, type SgdOptions } from './optim/sgd.ts';
