import { defineConfig } from 'vite';
import { leaveOut } from './build/left-out.ts';
import { sharedWorkers } from './build/shared-workers.ts';

export default defineConfig({
  plugins: [sharedWorkers(), leaveOut()],
  resolve: {
    // ONNX Runtime for WebAssembly only: the default build carries WebGL and WebGPU as well, eight times the script.
    // Its .wasm is not bundled; the server hands it out.
    alias: [{ find: /^onnxruntime-web$/, replacement: 'onnxruntime-web/wasm' }],
    conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'production'],
  },
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    // Its helper needs a document, and chunks are shared with workers.
    modulePreload: false,
    license: { fileName: 'third-party-licences.md' },
    // ONNX Runtime in a chunk of its own, so that its size is seen apart from ours.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'ort', test: /onnxruntime/ }] } } },
  },
});
