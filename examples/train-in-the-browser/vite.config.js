import { defineConfig } from 'vite';

// Only a page that is isolated from other origins may share memory between threads.
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export default defineConfig({
  server: { headers },
  preview: { headers },
  // ONNX Runtime on WebAssembly. `onnxruntime-web/webgpu` has graphics cards as well, and is larger.
  resolve: { alias: [{ find: /^onnxruntime-web$/, replacement: 'onnxruntime-web/wasm' }] },
  optimizeDeps: { exclude: ['@mien/engine', '@mien/onnx', 'onnxruntime-web'] },
  worker: { format: 'es' },
});
