/** A page that runs model files through `@mien/onnx/web`, unbundled: its imports are resolved by an import map. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

declare global {
  /** Set by the page: runs the model served under `name` on the inputs served beside it, whose shapes are given by their names. */
  var logitsOf: (name: string, shapes: Readonly<Record<string, readonly number[]>>) => Promise<number[]>;
}

export interface ServedModel {
  readonly file: Uint8Array;
  /** Values of every input, by its name. */
  readonly inputs: Readonly<Record<string, Float32Array>>;
}

const onnxWeb = fileURLToPath(import.meta.resolve('@mien/onnx/web'));
/** onnxruntime-web is a dependency of @mien/onnx, and found from there. */
const folders: Record<string, string> = { onnx: dirname(dirname(onnxWeb)), ort: dirname(createRequire(onnxWeb).resolve('onnxruntime-web')) };
const types: Record<string, string> = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Model parity</title>
<script type="importmap">{"imports":{"onnxruntime-web":"/ort/ort.wasm.min.mjs","@mien/onnx/web":"/onnx/web/index.js"}}</script>
<script type="module">
import { createSession, setWasmPaths } from '@mien/onnx/web';
setWasmPaths('/ort/');
const bytes = async (path) => (await fetch(path)).arrayBuffer();
globalThis.logitsOf = async (name, shapes) => {
  const session = await createSession(new Uint8Array(await bytes('/models/' + name)), { threads: 1 });
  const feeds = {};
  for (const [input, shape] of Object.entries(shapes)) {
    feeds[input] = { dtype: 'float32', shape, data: new Float32Array(await bytes('/inputs/' + name + '/' + input)) };
  }
  const { logits } = await session.run(feeds);
  await session.release();
  return [...logits.data];
};
</script>
</html>`;

/** Serves the page, what it imports, and the models, on a free port of this machine alone. */
export async function serveModels(models: ReadonlyMap<string, ServedModel>): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const [, folder = '', ...rest] = normalize(new URL(request.url!, 'http://localhost').pathname).split('/');
    const name = rest.join('/');
    const model = models.get(decodeURIComponent(rest[0] ?? ''));
    const values = model?.inputs[rest[1] ?? ''];
    if (folder === '') response.setHeader('Content-Type', 'text/html').end(page);
    else if (folder === 'models' && model) response.end(model.file);
    else if (folder === 'inputs' && values) response.end(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    else if (folders[folder]) {
      const file = join(folders[folder], name);
      readFile(file).then(
        (bytes) => response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream').end(bytes),
        () => response.writeHead(404).end(),
      );
    } else response.writeHead(404).end();
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
