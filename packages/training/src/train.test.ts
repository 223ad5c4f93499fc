/** Whole trainings, seconds long. The package is imported by name: its worker runs compiled JavaScript. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore, StoreWriter } from '@mien/data';
import { evaluateSplit, predictSplit } from '@mien/evaluation';
import { createSession } from '@mien/onnx/node';
import { expressions, loadRecogniser, readCard, UserError } from '@mien/runtime';
import {
  decodeSafetensors,
  encodeSafetensors,
  exportModel,
  isCount,
  checkRecipe,
  planNetwork,
  type Recipe,
  type RecipeInput,
  runFolder,
  type TrainEvent,
  type TrainOptions,
  train,
} from '@mien/training';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectSameBits } from '../test/same-bits.ts';
import { temporaryDir, writeTinyStore } from '../test/tiny-store.ts';

const recipe = (changes: Partial<RecipeInput> = {}): Recipe =>
  checkRecipe(
    {
      name: 'tiny',
      model: 'mien-seresnet',
      seed: 3,
      epochs: 2,
      batch: 8,
      data: { validation: { split: 'val' } },
      augmentation: [{ op: 'flip' }, { op: 'crop' }],
      loss: { labelSmoothing: 0.1 },
      ema: 0.9,
      checkpoint: { everySteps: 3 },
      optimizer: { kind: 'sgd', learningRate: 0.03 },
      schedule: { kind: 'cosine', warmupEpochs: 0.25 },
      ...changes,
    },
    'test',
  );

/** Trains and gathers what was reported; in this thread, which spares a second of loading, unless told otherwise. */
async function run(options: Partial<TrainOptions> & Pick<TrainOptions, 'out'>): Promise<{ finished: boolean; events: TrainEvent[] }> {
  const events: TrainEvent[] = [];
  const finished = await train({
    recipe: recipe(),
    data,
    threads: 1,
    thread: 'caller',
    ...options,
    onEvent: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
  });
  return { finished, events };
}

const tensorsOf = (out: string) => decodeSafetensors(readFileSync(runFolder(out).last), out).tensors;

function expectSameRun(actual: string, expected: string): void {
  const numbers = (out: string) => new Map([...tensorsOf(out)].map(([name, t]) => [name, t.data]));
  expectSameBits(numbers(actual), numbers(expected));
  expect(readFileSync(runFolder(actual).model).equals(readFileSync(runFolder(expected).model))).toBe(true);
}

let dir: string;
let data: string;
/** The run that was never interrupted. */
let whole: { out: string; finished: boolean; events: TrainEvent[] };

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mien-train-test-'));
  data = writeTinyStore(join(dir, 'store'));
  whole = { out: join(dir, 'whole'), ...(await run({ out: join(dir, 'whole'), thread: 'own' })) };
}, 120_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const stepsOf = (events: readonly TrainEvent[]) => events.filter((e) => e.type === 'step');
const epochsOf = (events: readonly TrainEvent[]) => events.filter((e) => e.type === 'epoch');

describe('a training', () => {
  it('reports its start, every step and epoch, and its end', () => {
    expect(whole.finished).toBe(true);
    expect(whole.events[0]).toMatchObject({ type: 'start', rows: 32, validationRows: 21, stepsPerEpoch: 4, epochs: 2 });
    expect(stepsOf(whole.events).map((e) => [e.epoch, e.step])).toEqual([1, 2].flatMap((epoch) => [1, 2, 3, 4].map((step) => [epoch, step])));
    for (const e of stepsOf(whole.events)) {
      expect(e.imagesPerSecond).toBeGreaterThan(0);
      expect(e.accuracy >= 0 && e.accuracy <= 1 && e.secondsLeft >= 0).toBe(true);
    }
    // One look at the validation rows is left.
    expect(stepsOf(whole.events).at(-1)!.secondsLeft).toBeLessThan(stepsOf(whole.events).at(-2)!.secondsLeft);
    expect(epochsOf(whole.events).map((e) => e.validation.n)).toEqual([21, 21]);
    expect(whole.events.filter(isCount).map((e) => [e.done, e.total])).toEqual([
      [21, 21],
      [21, 21],
    ]);
    expect(whole.events.at(-1)).toMatchObject({ type: 'done' });
  });

  it('learns: the loss falls', () => {
    const [first, second] = epochsOf(whole.events);
    expect(second!.train.loss).toBeLessThan(first!.train.loss);
  });

  it('leaves recipe, log, checkpoint and model, and no lock', () => {
    const folder = runFolder(whole.out);
    expect(readdirSync(whole.out).sort()).toEqual(['last.safetensors', 'log.jsonl', 'model.onnx', 'recipe.json']);
    expect(JSON.parse(readFileSync(folder.recipe, 'utf8'))).toEqual(recipe());
    const log = readFileSync(folder.log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as TrainEvent & { time: string });
    expect(log.map((e) => e.type).filter((type) => type !== 'step')).toEqual(['start', 'epoch', 'epoch', 'done']);
    for (const { time } of log) expect(new Date(time).getTime()).toBeGreaterThan(0);
  });

  it('the same seed gives the same bits, in whichever thread', async () => {
    const out = join(temporaryDir(), 'again');
    await run({ out });
    expectSameRun(out, whole.out);
  });
});

describe('interrupted', () => {
  it.each(['own', 'caller'] as const)('by another process that took the run over, it stops and leaves the files to it (thread: %s)', async (thread) => {
    const out = join(temporaryDir(), 'run');
    const { lock, last, recipe: saved } = runFolder(out);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const onEvent = (event: TrainEvent): void => {
        if (event.type !== 'step') return;
        writeFileSync(lock, 'another process');
        vi.advanceTimersByTime(60_000);
      };
      const running = run({ out, thread, onEvent, recipe: recipe({ checkpoint: { everySteps: 1000 }, epochs: 50 }) });
      await expect(running).rejects.toMatchObject({ code: 'run-lost' });
    } finally {
      vi.useRealTimers();
    }
    expect(readFileSync(lock, 'utf8')).toBe('another process');
    expect(existsSync(saved)).toBe(true);
    if (thread === 'caller') expect(existsSync(last)).toBe(false);
  });

  it('by a signal, it keeps a checkpoint; resumed, it ends with the weights of the whole run, bit for bit', async () => {
    const out = join(temporaryDir(), 'run');
    const controller = new AbortController();
    const stopped = await run({ out, thread: 'own', signal: controller.signal, onEvent: (e) => e.type === 'step' && controller.abort() });
    expect(stopped.finished).toBe(false);
    const end = stopped.events.at(-1)!;
    expect(end.type).toBe('stopped');
    expect(stepsOf(stopped.events).length).toBeLessThan(8);
    const resumed = await run({ out, resume: true });
    expect(resumed.finished).toBe(true);
    expect(resumed.events[0]).toMatchObject({ type: 'start', resumedAt: { step: end.type === 'stopped' ? end.step : -1 } });
    expect(stepsOf(resumed.events).length + stepsOf(stopped.events).length).toBe(8);
    expectSameRun(out, whole.out);
  });

  it('by kill -9 in the middle of an epoch, it goes on from the last checkpoint to the same weights', async () => {
    const out = join(temporaryDir(), 'run');
    const script = `import('@mien/training').then(({ train }) => train({ ...JSON.parse(process.argv[1]), onEvent: (e) => console.log(JSON.stringify(e)) }));`;
    const options = JSON.stringify({ recipe: recipe(), data, out, threads: 1 });
    const child = spawn(process.execPath, ['-e', script, options], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.on('data', (text) => {
      printed += text;
      if (/"type":"step","epoch":2,"step":2/.test(printed)) child.kill('SIGKILL');
    });
    const signal = await new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal)));
    expect(signal).toBe('SIGKILL');
    expect(existsSync(runFolder(out).lock)).toBe(true);
    const resumed = await run({ out, resume: true });
    expect(resumed.finished).toBe(true);
    expect(stepsOf(resumed.events).length).toBeLessThanOrEqual(4);
    expectSameRun(out, whole.out);
  });

  it('a damaged recipe.json is told in a line', async () => {
    const out = join(temporaryDir(), 'run');
    cpSync(whole.out, out, { recursive: true });
    writeFileSync(runFolder(out).recipe, '{ "name": ');
    const error = await refusal(run({ out, resume: true }));
    expect(error.code).toBe('bad-file');
    expect(error.message).toMatch(/recipe\.json: cannot be read \(.*\); without the recipe it was begun with the run cannot go on: start in another --out$/);
  });

  it('when it had finished, resuming changes nothing', async () => {
    const before = readFileSync(runFolder(whole.out).last);
    const { finished, events } = await run({ out: whole.out, resume: true });
    expect(finished).toBe(true);
    expect(stepsOf(events)).toEqual([]);
    expect(readFileSync(runFolder(whole.out).last).equals(before)).toBe(true);
  });
});

async function refusal(promise: Promise<unknown>): Promise<UserError> {
  const error = await promise.then(
    () => new Error('was accepted'),
    (e: unknown) => e as Error,
  );
  expect(error, String(error)).toBeInstanceOf(UserError);
  return error as UserError;
}

const largest = (out: string): number => [...tensorsOf(out).values()].reduce((most, { data: v }) => v.reduce((m, x) => Math.max(m, Math.abs(x)), most), 0);

describe('a loss that diverges', () => {
  /** Sane in epoch 1; the rate of epoch 2 makes numbers overflow. */
  const exploding = (changes: Partial<RecipeInput> = {}) => recipe({ epochs: 3, schedule: { kind: 'step', at: [0.34], factor: 1e30 }, ...changes });

  it('ends as the user’s mistake, says so in the log, and keeps the checkpoint and model before it', async () => {
    const out = join(temporaryDir(), 'run');
    const error = await refusal(run({ out, recipe: exploding({ checkpoint: { everySteps: 200 } }) }));
    expect(error.code).toBe('diverged');
    expect(error.message).toMatch(/the loss became (NaN|Infinity)( \(.+\))? in epoch 2, step \d.*learningRate/);
    expect(readFileSync(runFolder(out).log, 'utf8')).toContain('"type":"diverged"');
    expect(largest(out)).toBeLessThan(1e3);
    expect(existsSync(runFolder(out).model)).toBe(true);
    expect(existsSync(runFolder(out).lock)).toBe(false);
  });

  // The update that overflows comes before the loss that shows it: a checkpoint between the two keeps ruined weights.
  it('keeps a sane checkpoint however often they are written', async () => {
    const out = join(temporaryDir(), 'run');
    expect((await refusal(run({ out, recipe: exploding({ checkpoint: { everySteps: 1 } }) }))).code).toBe('diverged');
    expect(largest(out)).toBeLessThan(1e3);
  });

  // The last update of an epoch is never checked: a network of NaN is evaluated, called the best, exported and done.
  it('is noticed after the last step too', async () => {
    const out = join(temporaryDir(), 'run');
    const small = writeTinyStore(join(temporaryDir(), 'store'), { train: 8, val: 7 });
    const error = await refusal(
      run({ out, data: small, recipe: recipe({ epochs: 1, ema: 0, optimizer: { kind: 'sgd', learningRate: 1e30 }, schedule: { kind: 'constant' } }) }),
    );
    expect(error.code).toBe('diverged');
  });
});

describe('refused, naming what to do', () => {
  it('a folder that another process is training in', async () => {
    const out = join(temporaryDir(), 'run');
    mkdirSync(out);
    writeFileSync(runFolder(out).lock, String(process.ppid));
    const error = await refusal(run({ out }));
    expect(error.code).toBe('run-in-use');
    expect(error.message).toContain(`process ${process.ppid}`);
    expect(readFileSync(runFolder(out).lock, 'utf8')).toBe(String(process.ppid));
  });

  // The lock names a process, so a second training within the same one gets past it.
  it('a folder that this very process is training in', async () => {
    const out = join(temporaryDir(), 'run');
    const [first, second] = [new AbortController(), new AbortController()];
    let attempt: Promise<unknown> | undefined;
    const training = run({
      out,
      signal: first.signal,
      onEvent: (e) => {
        if (e.type !== 'start') return;
        attempt = refusal(run({ out, resume: true, signal: second.signal }));
        attempt.catch(() => {});
        first.abort();
        second.abort();
      },
    });
    await training;
    expect(((await attempt) as UserError).code).toBe('run-in-use');
  });

  it('a folder that holds a run, unless it is resumed', async () => {
    const error = await refusal(run({ out: whole.out }));
    expect(error.code).toBe('run-exists');
    expect(error.message).toContain('--resume');
  });

  it('a folder without a run, where one is resumed', async () => {
    const out = join(temporaryDir(), 'run');
    expect((await refusal(run({ out, resume: true }))).code).toBe('no-run');
    expect(existsSync(out)).toBe(false);
  });

  it('another recipe than the run was started with, naming the field', async () => {
    const error = await refusal(run({ out: whole.out, resume: true, recipe: recipe({ batch: 4 }) }));
    expect(error.code).toBe('other-recipe');
    expect(error.message).toContain('stages.0.batch: 8, now 4');
  });

  it('other data than the run was started with; a checkpoint that does not tell is believed', async () => {
    const out = join(temporaryDir(), 'run');
    const stop = new AbortController();
    await run({ out, signal: stop.signal, onEvent: (e) => e.type === 'step' && stop.abort() });
    const other = writeTinyStore(join(temporaryDir(), 'store'), { train: 39, val: 21 });
    const error = await refusal(run({ out, resume: true, data: other }));
    expect(error.code).toBe('other-data');
    expect(error.message).toContain('the run was begun with other data (tiny of 53 images, now tiny of 60 images)');
    const { last } = runFolder(out);
    const { tensors, metadata } = decodeSafetensors(readFileSync(last), last);
    const { data: _, ...position } = JSON.parse(metadata.position!);
    writeFileSync(last, encodeSafetensors({ tensors, metadata: { ...metadata, position: JSON.stringify(position) } }));
    expect((await run({ out, resume: true })).finished).toBe(true);
  });

  it('a batch larger than the set, a split that is not there, an unknown model', async () => {
    const code = async (changes: Partial<RecipeInput>) => (await refusal(run({ out: join(temporaryDir(), 'run'), recipe: recipe(changes) }))).code;
    expect(await code({ batch: 33 })).toBe('batch-too-large');
    expect(await code({ data: { validation: { split: 'public' } } })).toBe('unknown-split');
    expect(await code({ model: 'resnet-1000' })).toBe('no-model');
  });

  it('colour pictures for a grey network', async () => {
    const data = join(temporaryDir(), 'store');
    const image = { layout: 'fixed', channels: 3, height: 48, width: 48 } as const;
    const writer = new StoreWriter({ out: data, name: 'odd', form: 'test', file: 'none', image, labels: expressions });
    for (let row = 0; row < 32; row++) for (const split of ['train', 'val']) writer.append({ split, label: row % 7, image: new Uint8Array(3 * 48 * 48) });
    writer.finish();
    const error = await refusal(run({ out: join(temporaryDir(), 'run'), data }));
    expect(error.code).toBe('input-mismatch');
    expect(error.message).toMatch(/takes 1×44×44.*holds 3×48×48/);
  });
});

describe('the exported model', () => {
  it('carries a card that leads to the same logits on a picture as on the split', async () => {
    const model = new Uint8Array(readFileSync(runFolder(whole.out).model));
    const store = await openStore(data);
    const split = await store.split('val');
    const { logits } = await predictSplit({ model, file: 'model', createSession, split, threads: 1 });
    const recogniser = await loadRecogniser({ model, createSession, threads: 1 });
    for (const row of [0, 5, 20]) {
      const image = { width: 48, height: 48, channels: 1 as const, data: await split.readImages(row, 1) };
      const [found] = await recogniser.recognise(image, 'whole');
      for (const [k, value] of found!.logits.entries()) expect(value).toBeCloseTo(logits[row * 7 + k]!, 4);
    }
    await recogniser.release();
    await store.close();
  });

  it('states what was measured, on what, and how it was made', async () => {
    const card = readCard(new Uint8Array(readFileSync(runFolder(whole.out).model)));
    expect(card).toMatchObject({
      name: 'tiny',
      architecture: 'mien-seresnet',
      labels: [...expressions],
      preprocessing: { input: { shape: [1, 44, 44] }, color: 'gray', resizeTo: [48, 48], mean: [0.5], std: [0.25] },
      training: { data: 'tiny', split: 'train', rows: 32, seed: 3, chosenOn: 'split val' },
    });
    const store = await openStore(data);
    const e = await evaluateSplit({
      model: new Uint8Array(readFileSync(runFolder(whole.out).model)),
      file: 'm',
      createSession,
      split: await store.split('val'),
      threads: 1,
    });
    expect(card.figures.find((f) => f.metric === 'accuracy')).toMatchObject({ value: e.accuracy, n: 21, split: 'val', dataset: 'tiny' });
    await store.close();
  });

  it('as float16 is about half as large and nearly as exact', async () => {
    const weights = new Map(
      [...tensorsOf(whole.out)].filter(([name]) => name.startsWith('average/')).map(([name, t]) => [name.slice('average/'.length), t.data]),
    );
    const context = {
      recipe: recipe(),
      labels: expressions,
      plan: planNetwork(recipe(), [1, 48, 48], expressions),
      dataName: 'tiny',
      rows: 32,
      epochs: 2,
      figures: [],
    };
    const [full, half] = [exportModel(weights, context), exportModel(weights, context, { half: true })];
    expect(half.length).toBeLessThan(0.55 * full.length);
    const store = await openStore(data);
    const split = await store.split('val');
    const [a, b] = await Promise.all([full, half].map((model) => predictSplit({ model, file: 'm', createSession, split, threads: 1 })));
    const scale = a!.logits.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    for (const [i, value] of a!.logits.entries()) expect(Math.abs(b!.logits[i]! - value)).toBeLessThan(0.01 * scale);
    await store.close();
  });
});
