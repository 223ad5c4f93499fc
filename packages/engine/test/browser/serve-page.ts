/** The test page, bundled and served with ONNX Runtime's files, in an origin that may have threads or may not. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** `wasm` bundles the smallest build of onnxruntime-web, `webgpu` the one with both devices. */
export async function bundlePage(outDir: string, ort: 'wasm' | 'webgpu'): Promise<void> {
  await build({
    root: join(import.meta.dirname, 'page'),
    configFile: false,
    logLevel: 'error',
    base: './',
    resolve: {
      alias: [{ find: /^onnxruntime-web$/, replacement: `onnxruntime-web/${ort}` }],
      conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'production'],
    },
    worker: { format: 'es' },
    build: { outDir, emptyOutDir: true, target: 'es2022', minify: false, modulePreload: { polyfill: false } },
  });
}

const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };

/** onnxruntime-web is a dependency of @mien/onnx, and found from there. */
const ortDir = dirname(createRequire(fileURLToPath(import.meta.resolve('@mien/onnx/web'))).resolve('onnxruntime-web'));

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves `dir`, and ONNX Runtime's files under /ort/. `isolated` pages may share memory between threads. */
export async function servePage(dir: string, isolated: boolean): Promise<PageServer> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url!, 'http://localhost').pathname);
    const file = path.startsWith('/ort/') ? join(ortDir, path.slice(5)) : join(dir, path === '/' ? 'index.html' : path);
    if (isolated) response.setHeader('Cross-Origin-Opener-Policy', 'same-origin').setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    readFile(file).then(
      (bytes) => response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream').end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
