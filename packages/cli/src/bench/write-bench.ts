/** The result as files: JSON for programs, Markdown for readers. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineBench } from '../bench-engine.ts';
import { markdownTable } from './engine-table.ts';

/** Writes engine.json and engine.md into `dir`, each beside its place and renamed over it. Returns their paths. */
export async function writeBench(dir: string, bench: EngineBench): Promise<string[]> {
  await mkdir(dir, { recursive: true });
  const files = [
    { path: join(dir, 'engine.json'), text: `${JSON.stringify(bench, null, 2)}\n` },
    { path: join(dir, 'engine.md'), text: markdownTable(bench) },
  ];
  for (const { path, text } of files) {
    await writeFile(`${path}.tmp`, text);
    await rename(`${path}.tmp`, path);
  }
  return files.map(({ path }) => path);
}
