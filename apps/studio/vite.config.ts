import { defineConfig } from 'vite';

export default defineConfig({
  resolve: {
    // ONNX Runtime for WebAssembly only: the default build carries WebGL and WebGPU as well, eight times the script.
    // Its .wasm is not bundled; the server hands it out.
    alias: [{ find: /^onnxruntime-web$/, replacement: 'onnxruntime-web/wasm' }],
    conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'production'],
  },
  worker: {
    format: 'es',
    // ONNX Runtime in a chunk of its own, so that its size is seen apart from ours.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'ort', test: /onnxruntime/ }] } } },
  },
  build: { target: 'es2022', modulePreload: { polyfill: false }, reportCompressedSize: true },
});
