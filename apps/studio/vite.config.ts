import { defineConfig } from 'vite';
import { workerLicences } from './build/worker-licences.ts';

export default defineConfig({
  resolve: {
    // ONNX Runtime for WebAssembly only: the default build carries WebGL and WebGPU as well, eight times the script.
    // Its .wasm is not bundled; the server hands it out.
    alias: [{ find: /^onnxruntime-web$/, replacement: 'onnxruntime-web/wasm' }],
    conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'production'],
  },
  worker: {
    format: 'es',
    plugins: () => [workerLicences('third-party-licences-worker.md')],
    // ONNX Runtime in a chunk of its own, so that its size is seen apart from ours.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'ort', test: /onnxruntime/ }] } } },
  },
  build: { target: 'es2022', modulePreload: { polyfill: false }, license: { fileName: 'third-party-licences.md' } },
});
