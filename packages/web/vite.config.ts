/**
 * The package as files for a page without a build step: `dist/bundle/mien.js`, its workers, the light face detector, the landmark network and ONNX Runtime's
 * WebAssembly. Built from `dist`, so compile first.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

const ortDist = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
const assets = join(import.meta.dirname, '../runtime/assets');
/** The light detector, and what models that ask for a face's points need, each with its licence. */
const networks = ['face-detector-light', 'face-landmarks'].flatMap((name) => [`${name}.onnx`, `${name}.LICENSE.txt`]);
/** What ONNX Runtime's two builds load by themselves, from `wasmPaths`. */
const ortFiles = ['ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm', 'ort-wasm-simd-threaded.asyncify.mjs', 'ort-wasm-simd-threaded.asyncify.wasm'];

/** Gives each worker ONNX Runtime in the build it needs: WebAssembly alone is half the download. */
function ortForWorker(): Plugin {
  let build = 'wasm';
  return {
    name: 'mien-ort',
    enforce: 'pre',
    buildStart({ input }) {
      build = JSON.stringify(input).includes('worker-webgpu') ? 'webgpu' : 'wasm';
    },
    resolveId(source, importer) {
      return source === 'onnxruntime-web' ? this.resolve(`onnxruntime-web/${build}`, importer, { skipSelf: true }) : null;
    },
  };
}

/** Lays the files beside the script that it fetches at run time. */
function runtimeFiles(): Plugin {
  return {
    name: 'mien-runtime-files',
    generateBundle() {
      for (const name of ortFiles) this.emitFile({ type: 'asset', fileName: name, source: readFileSync(join(ortDist, name)) });
      for (const name of networks) this.emitFile({ type: 'asset', fileName: name, source: readFileSync(join(assets, name)) });
    },
  };
}

export default defineConfig({
  base: './',
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'production'] },
  plugins: [runtimeFiles()],
  worker: {
    format: 'es',
    plugins: () => [ortForWorker()],
    rolldownOptions: {
      output: {
        entryFileNames: 'mien-[name].js',
        chunkFileNames: 'mien-[name]-[hash].js',
        codeSplitting: { groups: [{ name: 'ort', test: /onnxruntime/ }] },
      },
    },
  },
  build: {
    target: 'es2022',
    outDir: 'dist/bundle',
    emptyOutDir: true,
    assetsDir: '.',
    modulePreload: false,
    rolldownOptions: {
      input: { mien: 'dist/index.js' },
      preserveEntrySignatures: 'strict',
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
});
