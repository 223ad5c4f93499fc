// Writes tensorflow-js.jsonl, the numbers reference.test.ts holds the engine against:
//   node packages/engine/test/reference/record.mjs
// The derivatives of TensorFlow.js come as modules that only a bundler can load in Node.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'reference-'));
try {
  await build({
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: { ssr: here('tensorflow-cases.mjs'), outDir: dir, target: 'node20', rollupOptions: { output: { entryFileNames: 'cases.mjs' } } },
  });
  const { header, recorded } = await import(pathToFileURL(join(dir, 'cases.mjs')).href);
  writeFileSync(here('tensorflow-js.jsonl'), `${[header, ...recorded].map((entry) => JSON.stringify(entry)).join('\n')}\n`);
  console.log(`${recorded.length} cases recorded from ${header.implementation} ${header.version}`);
} finally {
  rmSync(dir, { recursive: true });
}
