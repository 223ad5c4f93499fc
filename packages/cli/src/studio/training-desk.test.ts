import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { StoreWriter } from '@mien/data';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TrainingDesk } from './training-desk.ts';

let dir: string;
let store: string;
let runs: string;
let desk: TrainingDesk;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mien-training-desk-'));
  store = join(dir, 'faces');
  runs = join(dir, 'runs');
  mkdirSync(runs);
  await makeStore(store);
  desk = await TrainingDesk.open(runs, store);
});
afterEach(async () => {
  await desk.close();
  rmSync(dir, { recursive: true });
});

/** Grey pictures all alike, so that no model can be right about every label. */
async function makeStore(out: string): Promise<void> {
  const image = { layout: 'fixed', channels: 1, height: 48, width: 48 } as const;
  const writer = new StoreWriter({ out, name: 'made-up', form: 'made-up', file: 'none', image, labels: ['angry', 'happy', 'sad'] });
  for (let row = 0; row < 90; row++) writer.append({ split: 'train', label: row % 3, image: new Uint8Array(48 * 48).fill(100) });
  await writer.finish();
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await setTimeout(100);
}

// Two trainings start in processes of their own, which takes a crowded machine minutes.
const patienceMs = 900_000;

test('a training is started, stopped with a checkpoint, gone on with, and its mistakes are told with their pictures', { timeout: patienceMs }, async () => {
  const run = join(runs, 'first');
  await desk.begin({ recipe: 'shallow-cnn', name: 'first', data: store, epochs: 9000 });
  expect([...desk.running()]).toEqual(['first']);
  await expect(desk.begin({ recipe: 'shallow-cnn', name: 'first', data: store })).rejects.toMatchObject({ code: expect.stringMatching(/^run-/) });
  expect(await desk.judgement('first', run, false)).toMatchObject({ state: 'none' });
  await until(() => existsSync(join(run, 'model.onnx')));
  desk.stop('first');
  await until(() => !desk.running().has('first'));
  expect(desk.failures()).toEqual([]);
  expect(readFileSync(join(run, 'log.jsonl'), 'utf8').trim().split('\n').at(-1)).toContain('"stopped"');
  expect(() => desk.stop('first')).toThrow(expect.objectContaining({ code: 'not-ours' }));

  await until(async () => (await desk.judgement('first', run, false)).state !== 'judging');
  const judgement = await desk.judgement('first', run, false);
  if (judgement.state !== 'done') throw new Error(JSON.stringify(judgement));
  expect(judgement.on).toContain('20 % of split train, held out');
  expect(judgement.labels).toEqual(['angry', 'happy', 'sad']);
  // Every row held out is in the matrix, under its label.
  expect(judgement.confusion.map((row) => row.reduce((a, b) => a + b))).toEqual([6, 6, 6]);
  const wrong = judgement.confusion.flatMap((row, of) => row.filter((_n, named) => named !== of)).reduce((a, b) => a + b);
  expect(judgement.mistakes).toHaveLength(wrong);
  expect(wrong).toBe(12);
  const [mistake] = judgement.mistakes;
  expect((await desk.image('first', mistake!.row))!).toHaveLength(48 * 48);
  expect(await desk.image('first', 99)).toBeUndefined();

  await desk.resume('first', run);
  await until(() => readFileSync(join(run, 'log.jsonl'), 'utf8').includes('"resumedAt"'));
  // Closing stops it too.
  await desk.close();
  expect(readFileSync(join(run, 'log.jsonl'), 'utf8').trim().split('\n').at(-1)).toContain('"stopped"');
});

test('what cannot be started is told before a process is, and what fails in its process afterwards', async () => {
  await expect(desk.begin({ recipe: 'no-such', name: 'a', data: store })).rejects.toMatchObject({ code: 'no-recipe' });
  await expect(desk.begin({ recipe: 'shallow-cnn', name: '../a', data: store })).rejects.toMatchObject({ code: 'bad-run' });
  await expect(desk.begin({ recipe: 'shallow-cnn', name: 'a', data: join(dir, 'gone') })).rejects.toMatchObject({ code: 'not-a-store' });
  mkdirSync(join(runs, 'taken'));
  await expect(desk.begin({ recipe: 'shallow-cnn', name: 'taken', data: store })).rejects.toMatchObject({ code: 'run-exists' });
  expect(desk.running().size).toBe(0);
  // There is no recipe to go on with.
  await desk.resume('taken', join(runs, 'taken'));
  await until(() => desk.running().size === 0);
  expect(desk.failures()).toMatchObject([{ name: 'taken', message: expect.stringMatching(/recipe/) }]);
  await expect((await TrainingDesk.open(runs, undefined)).resume('taken', join(runs, 'taken'))).rejects.toMatchObject({ code: 'no-data' });
});
