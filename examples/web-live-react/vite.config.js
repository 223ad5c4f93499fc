import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vite';

// Only a page that is isolated from other origins may share memory between threads.
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
const bundle = join(import.meta.dirname, '../../packages/web/dist/bundle');
/** What the worker fetches by itself. */
const assets = readdirSync(bundle).filter((name) => /^ort-|\.onnx$/.test(name));

/** Serves those files as `mien/`, and lays them there when building. Copying them into a public folder does as well. */
const mienAssets = {
  name: 'mien-assets',
  configureServer({ middlewares }) {
    middlewares.use('/mien', (request, response, next) => {
      const name = assets.find((asset) => request.url?.split('?')[0] === `/${asset}`);
      if (!name || !existsSync(join(bundle, name))) return next();
      if (name.endsWith('js')) response.setHeader('Content-Type', 'text/javascript');
      if (name.endsWith('wasm')) response.setHeader('Content-Type', 'application/wasm');
      createReadStream(join(bundle, name)).pipe(response);
    });
  },
  generateBundle() {
    for (const name of assets) this.emitFile({ type: 'asset', fileName: `mien/${name}`, source: readFileSync(join(bundle, name)) });
  },
};

export default defineConfig({
  base: './',
  plugins: [mienAssets],
  server: { headers },
  preview: { headers },
  resolve: {
    // ONNX Runtime for WebAssembly only; the build with graphics cards is twice the download.
    alias: [{ find: /^onnxruntime-web$/, replacement: 'onnxruntime-web/wasm' }],
    conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'development|production'],
  },
  optimizeDeps: { exclude: ['@mien/web', '@mien/onnx', 'onnxruntime-web'] },
  worker: { format: 'es' },
});
