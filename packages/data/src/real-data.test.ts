import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { ferCsv, temporaryDir } from '../test/fixtures.ts';
import { checkStore } from './check/check.ts';
import { checkReport } from './check/report-json.ts';
import { importFerCsv } from './import/fer-csv.ts';
import { openStore } from './store/store.ts';

const folder = process.env.MIEN_DATA && join(process.env.MIEN_DATA, 'fer2013');
const present = folder !== undefined && existsSync(join(folder, 'public.images.u8.br'));
if (!present) {
  console.log(
    'real-data.test.ts: skipped, for FER2013 is not here. Set MIEN_DATA to a folder with fer2013/public.images.u8.br, public.labels.u8.br, public.votes.u8.br and fer2013new.csv.',
  );
}

it.skipIf(!present)(
  'imports FER2013 PublicTest with its FER+ votes, byte for byte',
  async () => {
    const read = (name: string) => brotliDecompressSync(readFileSync(join(folder as string, `public.${name}.u8.br`)));
    const [images, labels, votes] = [read('images'), read('labels'), read('votes')];
    const dir = temporaryDir();
    const csv = join(dir, 'fer2013.csv');
    const rows = Array.from(labels, (label, i) => ({ label, usage: 'PublicTest', pixels: images.subarray(i * 2304, (i + 1) * 2304) }));
    writeFileSync(csv, ferCsv(rows));
    await importFerCsv({ csv, votes: join(folder as string, 'fer2013new.csv'), out: join(dir, 'store') });
    const split = await (await openStore(join(dir, 'store'))).split('public');
    expect(split.perLabel).toEqual([467, 56, 496, 895, 653, 415, 607]);
    expect(Buffer.from(split.labels).equals(labels)).toBe(true);
    expect(Buffer.from(await split.readImages(0, split.count)).equals(images)).toBe(true);
    expect(Buffer.from((await split.readVotes()) as Uint8Array).equals(votes)).toBe(true);
  },
  30_000,
);

it.skipIf(!present)(
  'the doctor counts duplicates and blanks of FER2013 PublicTest as a count by other means does',
  async () => {
    const read = (name: string) => brotliDecompressSync(readFileSync(join(folder as string, `public.${name}.u8.br`)));
    const [images, labels] = [read('images'), read('labels')];
    const texts = Array.from(labels, (_, i) => images.toString('latin1', i * 2304, (i + 1) * 2304));
    const alike = new Map<string, number[]>();
    for (const [i, text] of texts.entries()) alike.set(text, [...(alike.get(text) ?? []), i]);
    const groups = [...alike.values()].filter((group) => group.length > 1);
    const dir = temporaryDir();
    const rows = Array.from(labels, (label, i) => ({ label, usage: 'PublicTest', pixels: images.subarray(i * 2304, (i + 1) * 2304) }));
    writeFileSync(join(dir, 'fer2013.csv'), ferCsv(rows));
    await importFerCsv({ csv: join(dir, 'fer2013.csv'), out: join(dir, 'store') });
    expect(checkReport(await checkStore(await openStore(join(dir, 'store'))))).toMatchObject({
      images: labels.length,
      duplicates: {
        groups: groups.length,
        images: groups.flat().length,
        acrossSplits: 0,
        conflictingLabels: groups.filter((group) => group.some((i) => labels[i] !== labels[group[0]!])).length,
      },
      constant: texts.filter((text) => text === text[0]!.repeat(2304)).length,
    });
  },
  30_000,
);
