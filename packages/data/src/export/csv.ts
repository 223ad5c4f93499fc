/** One csv in the form of fer2013.csv: emotion, pixels, Usage. Every tool that reads FER2013 reads it. */
import { closeSync, existsSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { expressions, UserError } from '@mien/runtime';
import { syncToDisk } from '../store/growing-file.ts';
import { unlabelledRows } from '../store/manifest.ts';
import { readRows } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { explainWriteError } from '../store/write-errors.ts';

const side = 48;
const usages: Readonly<Record<string, string>> = { train: 'Training', val: 'PublicTest', public: 'PublicTest', test: 'PrivateTest', private: 'PrivateTest' };

/** @throws UserError `bad-form` where the store does not fit into the form. */
export async function writeCsv(store: Store, out: string, onRow: () => void): Promise<number> {
  const { image, labels, splits } = store.manifest;
  if (image.channels !== 1 || image.height !== side || image.width !== side || labels.join() !== expressions.join()) {
    throw new UserError(
      'bad-form',
      `${store.dir}: a csv like fer2013.csv holds ${side}×${side} grey images of ${expressions.join(', ')}; these are ${image.channels}×${image.height}×${image.width} of ${labels.join(', ')}. Export as parquet or folders`,
    );
  }
  const usageOf = new Map(splits.map(({ name }) => [name, usages[name] ?? '']));
  const named = [...usageOf.values()].filter((usage) => usage !== '');
  if (usageOf.size > 1 && (named.length < usageOf.size || new Set(named).size < named.length)) {
    throw new UserError(
      'bad-form',
      `${store.dir}: a csv like fer2013.csv has one split each for train, val and test; this store has ${[...usageOf.keys()].join(', ')}`,
    );
  }
  const unlabelled = splits.reduce((sum, split) => sum + unlabelledRows(split), 0);
  if (unlabelled > 0)
    throw new UserError(
      'bad-form',
      `${store.dir}: a csv like fer2013.csv has a label in every line; ${unlabelled} rows have none. Export as parquet or folders`,
    );
  if (existsSync(out)) throw new UserError('exists', `${out}: expected a new file, there is one of this name; choose another`);
  const partial = `${out}.partial`;
  let fd: number | undefined;
  try {
    fd = openSync(partial, 'w');
    const withUsage = named.length > 0;
    writeSync(fd, withUsage ? 'emotion,pixels,Usage\n' : 'emotion,pixels\n');
    for (const name of store.splitNames) {
      for await (const { label, image: pixels } of readRows(await store.split(name))) {
        writeSync(fd, `${label},${pixels.join(' ')}${withUsage ? `,${usageOf.get(name)}` : ''}\n`);
        onRow();
      }
    }
    closeSync(fd);
    fd = undefined;
    syncToDisk(partial);
    renameSync(partial, out);
    return 1;
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    rmSync(partial, { force: true });
    throw explainWriteError(error, out);
  }
}
