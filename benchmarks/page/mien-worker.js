import { standardKernels } from '@mien/engine';
import { createSession, setWasmPaths } from '@mien/onnx/web';
import { trainSmallCnn } from '../../packages/cli/dist/bench/small-cnn.js';

self.onmessage = async ({ data: { base, batch, steps, threads } }) => {
  setWasmPaths(base);
  try {
    const { parameters, losses, steps: times } = await trainSmallCnn(createSession, standardKernels, batch, steps, threads);
    postMessage({ engine: `Mien, onnxruntime-web, WebAssembly, ${crossOriginIsolated ? threads : 1} threads`, parameters, losses, steps: times });
  } catch (error) {
    postMessage({ failed: error.message });
  }
};
