/** Folders of PNG files: `train/happy/fer2013-train-17.png`, named by the row's identity; a row without a label in `train/unlabelled`. */
import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';
import { mapInOrder } from '../import/in-order.ts';
import { readRows } from '../store/rows.ts';
import { noLabel, unlabelledName } from '../store/manifest.ts';
import { StagedDirectory } from '../store/staging.ts';
import type { Store } from '../store/store.ts';
import { explainWriteError } from '../store/write-errors.ts';
import { fileName } from './file-name.ts';
import { encodePng } from './png.ts';

const blockRows = 256;
const encodesAtOnce = 4;

/** → the number of files. @param onRow called after each row. */
export async function writeFolders(store: Store, out: string, onRow: () => void): Promise<number> {
  const { image, labels, sources } = store.manifest;
  const staged = new StagedDirectory(out);
  let files = 0;
  try {
    for (const name of store.splitNames) {
      const split = await store.split(name);
      if (name === unlabelledName && split.unlabelled < split.count)
        throw new UserError(
          'bad-form',
          `${store.dir}: split ${name} holds ${split.count - split.unlabelled} rows with a label, which folders cannot tell from the others; move them with \`mien data clean\``,
        );
      const folder = fileName(name);
      // A split of rows without labels needs no folders of classes.
      const unlabelled = name === unlabelledName ? folder : join(folder, unlabelledName);
      const folders = labels.map((label) => join(folder, fileName(label)));
      if (split.unlabelled < split.count) for (const each of folders) mkdirSync(join(staged.path, each), { recursive: true });
      if (split.unlabelled > 0) mkdirSync(join(staged.path, unlabelled), { recursive: true });
      let block: { path: string; pixels: Uint8Array }[] = [];
      const flush = async (): Promise<void> => {
        const write = async ({ path, pixels }: { path: string; pixels: Uint8Array }) => writeFile(path, await encodePng(pixels, image), { flag: 'wx' });
        for await (const _ of mapInOrder(block, encodesAtOnce, write)) onRow();
        block = [];
      };
      for await (const row of readRows(split)) {
        const source = sources[row.source];
        const file = `${fileName(`${source?.name}-${source?.split}-${row.row}`)}.png`;
        staged.checkOpen();
        const own = row.label === noLabel ? unlabelled : (folders[row.label] as string);
        block.push({ path: join(staged.path, own, file), pixels: row.image.slice() });
        files++;
        if (block.length === blockRows) await flush();
      }
      await flush();
    }
    staged.commit();
    return files;
  } catch (error) {
    staged.discard();
    throw explainWriteError(error, out);
  }
}
