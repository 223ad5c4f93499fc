/** Trainings that learn from finished models. Seconds long, on a tiny network. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCard } from '@mien/runtime';
import { checkRecipe, decodeSafetensors, estimateTraining, type RecipeInput, runFolder, type TrainEvent, train } from '@mien/training';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectSameBits } from '../test/same-bits.ts';
import { tinyRecipe, writeTinyModel } from '../test/tiny-model.ts';
import { temporaryDir, writeTinyStore } from '../test/tiny-store.ts';

let dir: string;
let data: string;
let teachers: string[];
let whole: { out: string; events: TrainEvent[] };

const recipeOf = (changes: Partial<RecipeInput> = {}) =>
  checkRecipe(
    {
      ...tinyRecipe,
      seed: 3,
      batch: 8,
      epochs: 2,
      data: { validation: { split: 'val' } },
      augmentation: [{ op: 'flip' }, { op: 'crop' }],
      optimizer: { kind: 'sgd', learningRate: 0.02 },
      distill: { teachers },
      ...changes,
    },
    'test',
  );

async function run(changes: Partial<RecipeInput> = {}, options: { out?: string; stopAfter?: number; resume?: boolean } = {}) {
  const out = options.out ?? join(temporaryDir(), 'run');
  const events: TrainEvent[] = [];
  const abort = new AbortController();
  let steps = 0;
  const onEvent = (event: TrainEvent): void => {
    events.push(event);
    if (event.type === 'step' && ++steps === options.stopAfter) abort.abort();
  };
  const resume = options.resume ?? false;
  await train({ recipe: recipeOf(changes), data, out, threads: 1, thread: 'caller', resume, signal: abort.signal, onEvent });
  return { out, events };
}

const weightsOf = (out: string): Map<string, Float32Array> =>
  new Map([...decodeSafetensors(readFileSync(runFolder(out).last), out).tensors].map(([name, t]) => [name, t.data]));
const lossesOf = (events: readonly TrainEvent[]) => events.flatMap((e) => (e.type === 'epoch' ? [e.train.loss] : []));

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mien-distillation-test-'));
  data = writeTinyStore(join(dir, 'store'));
  teachers = [
    writeTinyModel(join(dir, 'a.onnx'), { name: 'elder', seed: 5 }),
    writeTinyModel(join(dir, 'b.onnx'), { name: 'uncle', seed: 6, recipe: { input: [1, 48, 48] } }),
  ];
  whole = await run({}, { out: join(dir, 'whole') });
}, 120_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('a distillation', () => {
  it('learns what its teachers say, and names them on the card', async () => {
    const { events, out } = await run({ epochs: 6, distill: { teachers, weight: 1, temperature: 2 }, optimizer: { kind: 'adam', learningRate: 0.01 } });
    const losses = lossesOf(events);
    expect(losses.at(-1)).toBeLessThan(0.6 * losses[0]!);
    expect(readCard(new Uint8Array(readFileSync(runFolder(out).model))).description).toMatch(/; distilled from elder, uncle$/);
  });

  it('without weight for the teachers is the training without them', async () => {
    const [with0, without] = [await run({ epochs: 1, distill: { teachers, weight: 0 } }), await run({ epochs: 1, distill: undefined })];
    expect(lossesOf(with0.events)[0]).toBeCloseTo(lossesOf(without.events)[0]!, 5);
    expect(lossesOf(whole.events)[0]).not.toBeCloseTo(lossesOf(without.events)[0]!, 2);
  });

  it('interrupted and resumed ends with the same bits', async () => {
    const { out } = await run({}, { stopAfter: 3 });
    await run({}, { out, resume: true });
    expectSameBits(weightsOf(out), weightsOf(whole.out));
  });

  it('does not go on with another file of first weights', async () => {
    const init = join(temporaryDir(), 'init.onnx');
    copyFileSync(teachers[0]!, init);
    const { out } = await run({ init }, { stopAfter: 2 });
    copyFileSync(teachers[1]!, init);
    await expect(run({ init }, { out, resume: true })).rejects.toMatchObject({
      code: 'other-init',
      message: expect.stringMatching(/is not the file of weights the run began with/),
    });
    copyFileSync(teachers[0]!, init);
    await run({ init }, { out, resume: true });
  });

  it('does not go on with another teacher in place of one', async () => {
    const file = join(temporaryDir(), 'teacher.onnx');
    copyFileSync(teachers[0]!, file);
    const distill = { teachers: [file] };
    const { out } = await run({ distill }, { stopAfter: 2 });
    copyFileSync(teachers[1]!, file);
    await expect(run({ distill }, { out, resume: true })).rejects.toThrow(/the file of teacher uncle is not the one the run began with/);
  });

  it('is part of the estimate; what does not fit is said before the first step', async () => {
    const estimate = await estimateTraining({ recipe: recipeOf(), data, threads: 1 });
    expect(estimate.seconds).toBeGreaterThan(0);
    const other = writeTinyModel(join(temporaryDir(), 'o.onnx'), { labels: ['a', 'b'] });
    await expect(run({ distill: { teachers: [other] } })).rejects.toThrow(/head expression tells apart a, b; the training angry/);
    expect(() => recipeOf({ distill: { teachers: [] } })).toThrow(/distill.teachers/);
    expect(() => checkRecipe({ ...recipeOf(), distill: { teachers, wieght: 1 } }, 'test')).toThrow(/did you mean weight/);
  });
});
