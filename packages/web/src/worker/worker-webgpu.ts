/** The worker for WebGPU: the same code; the bundle gives it ONNX Runtime's WebGPU build, which is twice the download. */
import './worker.ts';
