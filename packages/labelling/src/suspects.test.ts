import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../test/pictures.ts';
import { Suspects } from './suspects.ts';

const folder = temporaryFolder('suspects');

/** One attempt at a chunk of ten, ended at `endsAt`; what it leaves out. */
async function attempt(chunk: number, endsAt: number | 'passing trouble'): Promise<readonly number[]> {
  const suspects = await Suspects.open(folder, chunk);
  for (let i = 0; i < 10; i++) {
    if (suspects.aside.includes(i)) continue;
    suspects.begin(i);
    if (i === endsAt) return suspects.aside;
  }
  if (endsAt === 'passing trouble') suspects.clear();
  return suspects.aside;
}

it('a picture that three attempts in a row ended on is set aside, then the next one', async () => {
  const aside = [];
  for (const at of [4, 4, 4, 7, 7, 7, 9]) aside.push(await attempt(1, at));
  expect(aside).toEqual([[], [], [], [4], [4], [4], [4, 7]]);
});

it('attempts that end here and there are chance', async () => {
  for (const at of [4, 4, 5, 4, 4, 3, 4]) expect(await attempt(2, at)).toEqual([]);
});

it('a full disk after the last picture is not that picture’s doing', async () => {
  for (let i = 0; i < 5; i++) expect(await attempt(3, 'passing trouble')).toEqual([]);
});

it('a note that was cut short counts for nothing', async () => {
  for (const at of [4, 4, 4]) await attempt(4, at);
  writeFileSync(join(folder, '4.json'), '{"at":4,"en');
  expect((await Suspects.open(folder, 4)).aside).toEqual([]);
});

it('what was learnt is forgotten with the chunk', async () => {
  for (const at of [1, 1, 1]) await attempt(5, at);
  const suspects = await Suspects.open(folder, 5);
  expect(suspects.aside).toEqual([1]);
  suspects.forget();
  expect((await Suspects.open(folder, 5)).aside).toEqual([]);
});
