/** @mien/onnx: ONNX files and the session interface. Imports nothing of Mien, and nothing of Node. */

// Model files
export { type Attribute, encodeModel, type OnnxModel, type OnnxNode, type OnnxPort } from './model-file.ts';
export { decodeModel, readMetadata } from './decode-model.ts';
export { initializersOf } from './initializers.ts';
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
export { quantiseWeights } from './quantise-weights.ts';
export { weightOf, widenWeights } from './widen-weights.ts';
// Sessions
export { type Device, DeviceError, devices, isAccelerator, onDevice } from './device.ts';
export type { CreateSession, Feeds, Session, SessionOptions } from './session.ts';
