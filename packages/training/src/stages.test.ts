/** Trainings of several stages, from given weights, of two heads. Seconds long, on a tiny network. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '@mien/data';
import { relativeError } from '@mien/engine';
import { evaluateSplit } from '@mien/evaluation';
import { createSession } from '@mien/onnx/node';
import { readCard } from '@mien/runtime';
import { checkRecipe, decodeSafetensors, encodeSafetensors, isCount, type RecipeInput, runFolder, type TrainEvent, train } from '@mien/training';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectSameBits } from '../test/same-bits.ts';
import { writeTinyModel } from '../test/tiny-model.ts';
import { temporaryDir, writeTinyStore } from '../test/tiny-store.ts';

let dir: string;
let data: string;
let first: { out: string; events: TrainEvent[] };

const base = {
  name: 'tiny',
  model: 'mien-net-small',
  modelOptions: { widths: '16', depths: '1', stem: 16 },
  seed: 3,
  batch: 8,
  epochs: 1,
  data: { validation: { split: 'val' } },
  augmentation: [{ op: 'flip' as const }, { op: 'crop' as const }],
  optimizer: { kind: 'sgd' as const, learningRate: 0.02 },
};

async function run(changes: Partial<RecipeInput>, options: { out?: string; stopAfter?: number; resume?: boolean } = {}) {
  const out = options.out ?? join(temporaryDir(), 'run');
  const events: TrainEvent[] = [];
  const abort = new AbortController();
  let steps = 0;
  await train({
    recipe: checkRecipe({ ...base, ...changes }, 'test'),
    data,
    out,
    threads: 1,
    thread: 'caller',
    resume: options.resume ?? false,
    signal: abort.signal,
    onEvent: (event) => {
      events.push(event);
      if (event.type === 'step' && ++steps === options.stopAfter) abort.abort();
    },
  });
  return { out, events };
}

const weightsOf = (out: string): Map<string, Float32Array> =>
  new Map(
    [...decodeSafetensors(readFileSync(runFolder(out).last), out).tensors].filter(([name]) => name.startsWith('weights/')).map(([name, t]) => [name, t.data]),
  );
const epochs = (events: readonly TrainEvent[]) => events.filter((e) => e.type === 'epoch');

const staged: Partial<RecipeInput> = {
  stages: [
    { name: 'head', epochs: 1, trainable: ['classifier'] },
    {
      name: 'all',
      epochs: 2,
      batch: 4,
      accumulate: 2,
      clipNorm: 1,
      mix: { mixup: 0.4, cutmix: 1 },
      optimizer: { learningRate: 0.002 },
      schedule: { kind: 'one-cycle' },
      ema: 0.5,
    },
  ],
};

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mien-stages-test-'));
  data = writeTinyStore(join(dir, 'store'), { train: 32, val: 21 }, { votes: true });
  first = await run(staged, { out: join(dir, 'first') });
}, 120_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('stages', () => {
  it('follow one another and say what learns in each', () => {
    const stages = first.events.filter((e) => e.type === 'stage');
    expect(stages.map(({ stage, stages: of, name, epochs: n }) => [stage, of, name, n])).toEqual([
      [1, 2, 'head', 1],
      [2, 2, 'all', 2],
    ]);
    expect(stages[0]!.trainedParameters).toBe(16 * 7 + 7);
    expect(stages[1]!.trainedParameters).toBeGreaterThan(1000);
    expect(epochs(first.events).map((e) => e.epoch)).toEqual([1, 2, 3]);
    expect(first.events.at(-1)).toMatchObject({ type: 'done' });
  });

  it('leave frozen weights and their statistics as they were, and change those that learn', async () => {
    const only = await run({ stages: [staged.stages![0]!] });
    const untouched = await run({ epochs: 1, optimizer: { kind: 'sgd', learningRate: 0 }, frozen: ['stem', 'stem_bn', 'stage1'] });
    const [trained, start] = [weightsOf(only.out), weightsOf(untouched.out)];
    const changed = [...trained].filter(([name, values]) => values.some((v, i) => v !== start.get(name)![i])).map(([name]) => name);
    expect(changed.sort()).toEqual(['weights/classifier.bias', 'weights/classifier.weight']);
  });

  it.each([4, 7])('stopped after step %i and resumed, give the same bits', async (stopAfter) => {
    const out = join(temporaryDir(), 'run');
    await run(staged, { out, stopAfter });
    await run(staged, { out, resume: true });
    expectSameBits(weightsOf(out), weightsOf(first.out));
    expect(readFileSync(runFolder(out).model).equals(readFileSync(runFolder(first.out).model))).toBe(true);
  });

  it('with a frozen backbone and no augmentation, run it once and reach the same weights as at every step', async () => {
    const stage = { trainable: ['classifier'], epochs: 2, augmentation: [] };
    const kept = await run({ stages: [stage, { ...stage, epochs: 1 }] });
    // A turn of nothing is an augmentation in name only.
    const anew = await run({
      stages: [stage, { ...stage, epochs: 1 }].map((s) => ({ ...s, augmentation: [{ op: 'brightness' as const, range: [1, 1] as [number, number] }] })),
    });
    expect([kept, anew].map(({ events }) => events.filter((e) => e.type === 'stage').map((e) => e.keepsFeatures))).toEqual([
      [true, true],
      [false, false],
    ]);
    const counts = kept.events.filter(isCount).filter((e) => e.type === 'features');
    expect(counts.map((e) => [e.done, e.total])).toEqual([0, 1].flatMap(() => [8, 16, 24, 32].map((done) => [done, 32])));
    expect(anew.events.some((e) => e.type === 'features')).toBe(false);
    // Counting is for who waits, not for the log.
    expect(readFileSync(runFolder(kept.out).log, 'utf8')).not.toMatch(/"type":"(features|validating)"/);
    const expected = weightsOf(anew.out);
    for (const [name, values] of weightsOf(kept.out)) expect(relativeError(values, expected.get(name)!), name).toBeLessThan(1e-4);
  });

  it('may start from the best weights so far', async () => {
    const stages = (startFrom: 'last' | 'best') => [
      { epochs: 2, optimizer: { learningRate: 0.05 } },
      { epochs: 1, startFrom, optimizer: { learningRate: 0 }, frozen: ['stem', 'stem_bn', 'stage1'] },
    ];
    const { events } = await run({ stages: stages('best') });
    const accuracies = epochs(events).map((e) => e.validation.accuracy);
    expect(accuracies[2]).toBe(Math.max(accuracies[0]!, accuracies[1]!));
  });

  it('killed while the first epoch of a later stage replaced the best model, go on as if they had not been', async () => {
    const stages = [
      { epochs: 1, optimizer: { learningRate: 1e-9 } },
      { epochs: 2, startFrom: 'best' as const, optimizer: { learningRate: 0.05 } },
    ];
    const whole = await run({ stages });
    expect(epochs(whole.events)[1]!.best).toBe(true);
    const out = join(temporaryDir(), 'run');
    const { last } = runFolder(out);
    let atStart: Buffer | undefined;
    const abort = new AbortController();
    await train({
      recipe: checkRecipe({ ...base, stages }, 'test'),
      data,
      out,
      threads: 1,
      thread: 'caller',
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type === 'step' && event.epoch === 2) atStart ??= readFileSync(last);
        if (event.type === 'epoch' && event.epoch === 2) abort.abort();
      },
    });
    writeFileSync(last, atStart!);
    await run({ stages }, { out, resume: true });
    expectSameBits(weightsOf(out), weightsOf(whole.out));
    expect(readFileSync(runFolder(out).model).equals(readFileSync(runFolder(whole.out).model))).toBe(true);
  });

  it('end early when patience runs out', async () => {
    const { events } = await run({ epochs: 50, patience: 2, optimizer: { kind: 'sgd', learningRate: 0 }, frozen: ['stem', 'stem_bn', 'stage1'] });
    expect(epochs(events)).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({ type: 'done', bestEpoch: 1 });
  });

  it('lower the rate on a plateau', async () => {
    const schedule = { kind: 'plateau' as const, patience: 1, factor: 0.5 };
    const { events } = await run({ epochs: 4, schedule, optimizer: { kind: 'sgd', learningRate: 1e-9 }, frozen: ['stem', 'stem_bn', 'stage1'] });
    const rates = [1, 2, 3, 4]
      .map((epoch) => events.find((e) => e.type === 'step' && e.epoch === epoch))
      .map((e) => (e as { learningRate: number }).learningRate);
    expect(rates).toEqual([1e-9, 1e-9, 5e-10, 2.5e-10]);
  });
});

describe('layers that nothing has trained', () => {
  const noticesOf = ({ events }: { events: readonly TrainEvent[] }) => events.flatMap((e) => (e.type === 'notice' ? [e.message] : []));

  it('are told of where a stage freezes them, once', () => {
    expect(noticesOf(first)).toEqual([
      expect.stringMatching(/^stage head freezes \d+ of \d+ layers that nothing has trained \(stem, .* and \d+ more\).*--set init=FILE/),
    ]);
  });

  it('are not where they come from a file or were trained by the stage before', async () => {
    expect(noticesOf(await run({ ...staged, init: first.out }))).toEqual([]);
    expect(noticesOf(await run({ stages: [{ epochs: 1 }, { epochs: 1, trainable: ['classifier'] }] }))).toEqual([]);
    const partly = { init: first.out, heads: { votes: 1 }, frozen: ['classifier'] };
    expect(noticesOf(await run(partly))).toEqual([expect.stringMatching(/freezes 1 of \d+ layers that init .* does not hold \(classifier\)/)]);
  });
});

describe('the card', () => {
  const cardOf = (out: string) => readCard(new Uint8Array(readFileSync(runFolder(out).model)));

  it('is MIT where all is drawn, and tells the licences of what it began with and learned from', async () => {
    expect(cardOf(first.out).licence).toBe('MIT');
    expect(cardOf(first.out).training.startedFrom).toBeUndefined();
    const teacher = writeTinyModel(join(temporaryDir(), 'teacher.onnx'), { name: 'teacher', card: () => ({ licence: 'CC-BY-4.0' }) });
    const start = tensorsFor(first.out, { source: 'timm/tiny', licence: 'bsd-3-clause' });
    const { out } = await run({ init: start, distill: { teachers: [teacher] } });
    expect(cardOf(out)).toMatchObject({ licence: 'MIT + bsd-3-clause + CC-BY-4.0', training: { startedFrom: 'timm/tiny (bsd-3-clause)' } });
    const next = await run({ init: out });
    expect(cardOf(next.out)).toMatchObject({
      licence: 'MIT + bsd-3-clause + CC-BY-4.0',
      training: { startedFrom: 'tiny (MIT + bsd-3-clause + CC-BY-4.0), which started from timm/tiny (bsd-3-clause)' },
    });
  });
});

describe('weights of which nobody says where they come from', () => {
  const only = { epochs: 1 };
  const told = ({ events }: Awaited<ReturnType<typeof run>>) => events.flatMap((e) => (e.type === 'notice' ? [e.message] : []));
  const cardOf = (out: string) => readCard(new Uint8Array(readFileSync(runFolder(out).model)));

  it('make a card of unknown licence, and are told of', async () => {
    const init = tensorsFor(first.out, {});
    const done = await run({ ...only, init });
    expect(told(done)).toEqual([expect.stringMatching(/does not say how images must be normalised .*, nor their licence.*mien weights import/)]);
    expect(cardOf(done.out).licence).toBe('MIT + unknown');
  });

  it('the licence may stand under its American name', async () => {
    const done = await run({ ...only, init: tensorsFor(first.out, { license: 'cc-by-nc-4.0', normalise: '{"mean":0.5,"std":0.25}' }) });
    expect(told(done)).toEqual([]);
    expect(cardOf(done.out).licence).toBe('MIT + cc-by-nc-4.0');
  });

  it('weights that were pulled are known by where they lie', async () => {
    const dir = join(temporaryDir(), 'timm/resnet18.tv_in1k/0123456789abcdef');
    mkdirSync(dir, { recursive: true });
    const init = join(dir, 'model.safetensors');
    copyFileSync(tensorsFor(first.out, {}), init);
    await expect(run({ ...only, init })).rejects.toMatchObject({ code: 'other-normalisation' });
    const normalise = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
    const done = await run({ ...only, init, normalise });
    expect(told(done)).toEqual([]);
    expect(cardOf(done.out)).toMatchObject({ licence: 'MIT + bsd-3-clause', training: { startedFrom: 'timm/resnet18.tv_in1k (bsd-3-clause)' } });
  });
});

/** The weights of a run as `mien weights import` would write them. */
function tensorsFor(out: string, metadata: Record<string, string>): string {
  const { tensors } = decodeSafetensors(readFileSync(runFolder(out).last), out);
  const weights = [...tensors].flatMap(([name, tensor]) => (name.startsWith('weights/') ? [[name.slice('weights/'.length), tensor] as const] : []));
  const file = join(temporaryDir(), 'weights.safetensors');
  writeFileSync(file, encodeSafetensors({ tensors: new Map(weights), metadata }));
  return file;
}

describe('init', () => {
  it.each([['run folder'], ['model.onnx']])('takes the weights of a %s, and says what it used', async (kind) => {
    const init = kind === 'run folder' ? first.out : runFolder(first.out).model;
    const { events } = await run({ init, optimizer: { kind: 'sgd', learningRate: 0 }, frozen: ['stem', 'stem_bn', 'stage1'] });
    const best = Math.max(...epochs(first.events).map((e) => e.validation.accuracy));
    expect(events[0]).toMatchObject({ type: 'start', init: { source: init, fresh: [] } });
    expect(epochs(events)[0]!.validation.accuracy).toBe(best);
  });

  it('draws anew what has another shape, and refuses weights of which none fits', async () => {
    const { events } = await run({ init: first.out, heads: { votes: 1 } });
    const start = events.find((e) => e.type === 'start')!;
    expect([...start.init!.fresh].sort()).toEqual(['classifier.bias', 'classifier.weight']);
    await expect(run({ init: first.out, model: 'resnet18-48', modelOptions: { width: 0.125 } })).rejects.toThrow(/none of its \d+ weights fits/);
    const other = join(temporaryDir(), 'weights.safetensors');
    const tensors = new Map([['classifier.bias', { shape: [7], data: new Float32Array(7) }]]);
    writeFileSync(other, encodeSafetensors({ tensors, metadata: { normalise: '{"mean":[0.4],"std":[0.25]}' } }));
    await expect(run({ init: other })).rejects.toThrow(/for images normalised with \{"mean":\[0.4\].*the recipe says \{"mean":0.5/);
    await expect(run({ init: join(dir, 'nothing.safetensors') })).rejects.toThrow(/expected a .safetensors or .onnx file/);
  });
});

describe('a head for votes', () => {
  it('is a second output of the exported file, named by its card', async () => {
    const { out } = await run({ epochs: 2, heads: { votes: 0.5 } });
    const model = new Uint8Array(readFileSync(runFolder(out).model));
    const card = readCard(model);
    expect(card.labels).toHaveLength(7);
    expect(card.otherHeads).toMatchObject([{ name: 'votes', output: { name: 'votes', temperature: 1 } }]);
    expect(card.otherHeads![0]!.labels).toEqual([...card.labels, 'contempt']);
    const store = await openStore(data);
    const split = await store.split('val');
    const voted = await evaluateSplit({ model, file: 'm', createSession, split, target: 'ferplus', threads: 1 });
    expect(voted.n).toBe(14);
    expect(voted.labels).toHaveLength(8);
    expect(voted.protocol).toMatch(/majority.*7 of 21 rows left out/);
    await store.close();
  });

  it('needs data with votes', async () => {
    const plain = writeTinyStore(join(temporaryDir(), 'plain'));
    const recipe = checkRecipe({ ...base, heads: { votes: 1 } }, 'test');
    await expect(train({ recipe, data: plain, out: join(temporaryDir(), 'run'), threads: 1, thread: 'caller' })).rejects.toThrow(/needs data with votes/);
  });
});

describe('images of another size', () => {
  it('are resized on the way into the network, alike in training and in the exported file', async () => {
    const { out, events } = await run({ epochs: 1, input: [3, 64, 64], augmentation: [], normalise: { mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] } });
    const card = readCard(new Uint8Array(readFileSync(runFolder(out).model)));
    expect(card.preprocessing).toMatchObject({ input: { shape: [3, 64, 64] }, resizeTo: [64, 64], color: 'gray', mean: [0.4, 0.5, 0.6] });
    expect(epochs(events)).toHaveLength(1);
  });
});
