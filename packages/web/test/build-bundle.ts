/** The bundle of this package for tests, built once a run into a folder of its own from the compiled `dist`. */
import { join } from 'node:path';
import { build } from 'vite';

export async function buildBundle(outDir: string): Promise<void> {
  const root = join(import.meta.dirname, '..');
  await build({ root, configFile: join(root, 'vite.config.ts'), logLevel: 'error', build: { outDir, emptyOutDir: true } });
}
