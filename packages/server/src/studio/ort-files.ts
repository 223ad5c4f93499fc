/** The files of onnxruntime-web that a page needs, out of the 130 MB of the package. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ortWasmFile = 'ort-wasm-simd-threaded.wasm';
/** The wasm build for CPUs and its loader. WebGPU needs the `asyncify` pair as well. */
export const ortFiles = [ortWasmFile, 'ort-wasm-simd-threaded.mjs'] as const;

/** The folder `dist` of the onnxruntime-web that @mien/onnx uses, wherever the package manager has put it. */
export function findOrtDir(): string {
  const onnx = createRequire(fileURLToPath(import.meta.resolve('@mien/onnx/web')));
  return dirname(onnx.resolve(`onnxruntime-web/${ortWasmFile}`));
}

/** The version of the package, as `1.30.0`; it is part of the files' address, which makes them immutable. */
export async function readOrtVersion(ortDir: string): Promise<string> {
  return (JSON.parse(await readFile(join(ortDir, '../package.json'), 'utf8')) as { version: string }).version;
}
