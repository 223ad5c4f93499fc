/**
 * Builds workers together with the page, so that what they share is downloaded once: Vite builds each worker apart, with a copy of
 * everything it needs.
 */
import { dirname, resolve } from 'node:path';
import type { Plugin } from 'vite';

const newWorkerUrl = /new URL\('(\.[^']+worker(?:-webgpu)?\.[jt]s)', import\.meta\.url\)/g;

/** Makes every `new URL('….worker.js', import.meta.url)` point at a chunk of this build. */
export function sharedWorkers(): Plugin {
  return {
    name: 'mien-shared-workers',
    apply: 'build',
    enforce: 'pre',
    transform(code, id) {
      if (!code.includes('new Worker(')) return null;
      return code.replace(newWorkerUrl, (_whole, path: string) => {
        // The studio runs ONNX Runtime's WebAssembly build alone, see vite.config.ts; the worker for WebGPU would be a second copy of it.
        const file = resolve(dirname(id), path.replace('worker-webgpu', 'worker'));
        const chunk = this.emitFile({ type: 'chunk', id: file, name: `${file.includes('packages/web') ? 'live' : 'photo'}-worker` });
        return `new URL(import.meta.ROLLUP_FILE_URL_${chunk}, import.meta.url)`;
      });
    },
  };
}
