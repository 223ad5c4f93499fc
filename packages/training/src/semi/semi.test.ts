/** Trainings with unlabelled rows: which rows they are, that their labels are never read, and resuming. Seconds long. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore, StoreWriter } from '@mien/data';
import { readCard } from '@mien/runtime';
import { checkRecipe, decodeSafetensors, isCount, type RecipeInput, runFolder, train, type TrainEvent } from '@mien/training';
import { describe, expect, it } from 'vitest';
import { expectSameBits } from '../../test/same-bits.ts';
import { writeTinyModel } from '../../test/tiny-model.ts';
import { temporaryDir, writeTinyStore } from '../../test/tiny-store.ts';
import { chooseRows, hiddenLabel } from '../rows.ts';

const base = {
  name: 'tiny',
  model: 'mien-net-small',
  modelOptions: { widths: '16', depths: '1', stem: 16 },
  seed: 3,
  batch: 4,
  epochs: 2,
  ema: 0.9,
  data: { labelled: 0.25, validation: { split: 'val' } },
  checkpoint: { everySteps: 2 },
  optimizer: { kind: 'sgd' as const, learningRate: 0.02 },
};

const fixmatch: Partial<RecipeInput> = { consistency: { ratio: 2, threshold: 0.2 } };
const combined: Partial<RecipeInput> = {
  stages: [
    { name: 'initial round', epochs: 1 },
    { name: 'combined round', epochs: 2, steps: 6, pseudo: { threshold: 0.15, weight: 0.5 }, startFrom: 'best' },
  ],
};

const store = (): string => writeTinyStore(join(temporaryDir(), 'store'), { train: 84, val: 21 }, { votes: true });

/** The store with labels and votes of the given training rows changed. */
async function withLabels(data: string, change: (labels: Uint8Array) => void): Promise<string> {
  const from = await openStore(data);
  const out = join(temporaryDir(), 'changed');
  const { image, labels: names } = from.manifest;
  const writer = new StoreWriter({ out, name: 'tiny', form: 'test', file: 'none', image, labels: names, votes: from.manifest.columns.votes!.names! });
  for (const name of from.splitNames) {
    const split = await from.split(name);
    const labels = split.labels.slice();
    const votes = (await split.readVotes())!;
    if (name === 'train') change(labels);
    for (let row = 0; row < split.count; row++) {
      const differs = labels[row] !== split.labels[row];
      const own = votes.subarray(row * 10, (row + 1) * 10);
      writer.append({ split: name, label: labels[row]!, image: await split.readImages(row, 1), votes: differs ? own.map((v) => 9 - v) : own });
    }
  }
  writer.finish();
  await from.close();
  return out;
}

async function run(changes: Partial<RecipeInput>, data: string, { out = join(temporaryDir(), 'run'), stopAfter = 0, resume = false } = {}) {
  const events: TrainEvent[] = [];
  const abort = new AbortController();
  let steps = 0;
  const finished = await train({
    recipe: checkRecipe({ ...base, ...changes }, 'test'),
    data,
    out,
    threads: 1,
    thread: 'caller',
    resume,
    signal: abort.signal,
    onEvent: (event) => {
      events.push(event);
      if (event.type === 'step' && ++steps === stopAfter) abort.abort();
    },
  });
  return { out, events, finished };
}

function expectSameRun(actual: string, expected: string): void {
  const numbers = (out: string) => new Map([...decodeSafetensors(readFileSync(runFolder(out).last), out).tensors].map(([name, t]) => [name, t.data]));
  expectSameBits(numbers(actual), numbers(expected));
  expect(readFileSync(runFolder(actual).model).equals(readFileSync(runFolder(expected).model))).toBe(true);
}

describe('data.labelled', () => {
  it('takes a part of every class, hides the other labels, and holds validation out of the part', async () => {
    const data = store();
    const recipe = checkRecipe({ ...base, data: { labelled: 0.5, validation: { fraction: 0.5 } } }, 'test');
    const { train: rows, trainRows, unlabelledRows, validation, validationRows } = await chooseRows(recipe, data);
    expect([trainRows.length, validationRows.length, unlabelledRows.length]).toEqual([21, 21, 42]);
    for (let k = 0; k < 7; k++) expect([...trainRows].filter((row) => rows.labels[row] === k)).toHaveLength(3);
    expect(validation).toBe(rows);
    const shown = [...rows.labels.keys()].filter((row) => rows.labels[row] !== hiddenLabel);
    expect(shown).toEqual([...trainRows, ...validationRows].sort((a, b) => a - b));
    expect((await chooseRows(checkRecipe({ ...recipe, seed: 4 }, 'test'), data)).trainRows).not.toEqual(trainRows);
  });

  it('without anything that learns from the others, trains on the part alone', async () => {
    const { events } = await run({ epochs: 1 }, store());
    expect(events[0]).toMatchObject({ type: 'start', rows: 21, stepsPerEpoch: 5 });
  });

  it.each(['consistency', 'pseudo'])('%s without unlabelled rows is refused, naming the field', async (field) => {
    const changes = field === 'consistency' ? fixmatch : combined;
    await expect(run({ ...changes, data: { validation: { split: 'val' } } }, store())).rejects.toThrow(
      new RegExp(`${field} learns from rows without labels.*data\\.labelled`),
    );
  });
});

describe.each([
  ['FixMatch', fixmatch],
  ['the combined round', combined],
] as const)('%s', (_, changes) => {
  it('never reads the label or the votes of an unlabelled row: other ones give the same training, bit for bit', async () => {
    const data = store();
    const recipe = { ...changes, loss: { votesShare: 0.3, classWeights: 'balanced' as const } };
    const { unlabelledRows } = await chooseRows(checkRecipe({ ...base, ...recipe }, 'test'), data);
    const hidden = new Set(unlabelledRows);
    // Neighbours trade labels: the rows of a class keep their places in its list, so that the same ones are chosen as labelled.
    const other = await withLabels(data, (labels) => {
      for (let row = 0; row + 1 < labels.length; row += 2)
        if (hidden.has(row) && hidden.has(row + 1)) [labels[row], labels[row + 1]] = [labels[row + 1]!, labels[row]!];
    });
    const changed = await openStore(other);
    expect((await changed.split('train')).labels).not.toEqual((await (await openStore(data)).split('train')).labels);
    expect((await chooseRows(checkRecipe({ ...base, ...recipe }, 'test'), other)).unlabelledRows).toEqual(unlabelledRows);
    expectSameRun((await run(recipe, other)).out, (await run(recipe, data)).out);
  });

  it('stopped and resumed, ends with the weights of the whole run, bit for bit', async () => {
    const data = store();
    const whole = await run(changes, data);
    const steps = whole.events.filter((event) => event.type === 'step').length;
    for (const stopAfter of [3, steps - 3]) {
      const { out, finished } = await run(changes, data, { stopAfter });
      expect(finished).toBe(false);
      expect((await run(changes, data, { out, resume: true })).finished).toBe(true);
      expectSameRun(out, whole.out);
    }
  });
});

describe('FixMatch', () => {
  it('tells how much of the unlabelled it believes', async () => {
    const { events } = await run(fixmatch, store());
    for (const event of events) if (event.type === 'step') expect(event.acceptedShare).toBeGreaterThanOrEqual(0);
  });

  it('refuses a threshold that label smoothing keeps out of reach, and mixing', async () => {
    await expect(run({ consistency: {}, loss: { labelSmoothing: 0.1 } }, store())).rejects.toThrow(/consistency\.threshold 0\.95 lies above 0\.914/);
    await expect(run({ ...fixmatch, mix: { mixup: 0.2 } }, store())).rejects.toThrow(/consistency and mix/);
  });

  it('learns from another split, whose labels do not matter', async () => {
    const data = writeTinyStore(join(temporaryDir(), 'store'), { train: 21, val: 21, extra: 40 });
    const recipe = { ...fixmatch, data: { unlabelled: 'extra', validation: { split: 'val' } } };
    const { train: rows, trainRows, unlabelledRows } = await chooseRows(checkRecipe({ ...base, ...recipe }, 'test'), data);
    expect([trainRows.length, unlabelledRows.length, rows.count]).toEqual([21, 40, 82]);
    for (const row of unlabelledRows) expect(rows.labels[row]).toBe(hiddenLabel);
    expect((await run(recipe, data)).finished).toBe(true);
  });
});

describe('the combined round', () => {
  it('tells what it took, leaves it as a csv, and trains on it', async () => {
    const { out, events } = await run(combined, store());
    const told = events.find((event) => event.type === 'pseudo-labels')!;
    expect(told).toMatchObject({ stage: 2, file: 'pseudo-labels-2.csv', asked: 63 });
    const lines = readFileSync(join(out, 'pseudo-labels-2.csv'), 'utf8').trim().split('\n').slice(1);
    expect(lines).toHaveLength(63);
    expect(lines.filter((line) => line.split(',')[3] === 'relabel')).toHaveLength(told.accepted);
    expect(told.accepted).toBeGreaterThan(0);
    const judging = events.filter(isCount).filter(({ type }) => type === 'judging');
    // The rows the epoch is chosen on, on which confidence is calibrated, then those without a label.
    expect(judging.map(({ done }) => done)).toEqual([...judging].map(({ done }) => done).sort((a, b) => a - b));
    expect(judging.at(-1)!.done).toBe(judging[0]!.total);
    expect(judging[0]!.total).toBeGreaterThan(63);
    expect(events.filter((event) => event.type === 'step' && event.stepsPerEpoch === 6)).toHaveLength(12);
  });

  it('tells on the card of the models it asked, and keeps to them', async () => {
    const data = store();
    const judge = writeTinyModel(join(temporaryDir(), 'judge.onnx'), {
      name: 'judge',
      card: ({ training }) => ({ licence: 'CC-BY-NC-4.0', training: { ...training, learntRows: [{ source: 'other', split: 'val', rows: '0-9' }] } }),
    });
    const stages = combined.stages!.map((stage) => (stage.pseudo ? { ...stage, pseudo: { ...stage.pseudo, models: [judge] } } : stage));
    const { out } = await run({ stages }, data, { stopAfter: 9 });
    const card = readCard(new Uint8Array(readFileSync(runFolder(out).model)));
    expect(card).toMatchObject({ licence: 'MIT + CC-BY-NC-4.0', description: expect.stringMatching(/; pseudo-labels by judge$/) });
    expect(card.training.learntRows).toContainEqual({ source: 'other', split: 'val', rows: '0-9' });
    writeTinyModel(judge, { name: 'judge', seed: 2 });
    await expect(run({ stages }, data, { out, resume: true })).rejects.toMatchObject({ code: 'other-judges' });
    await expect(run({ stages: stages.map((s) => ({ ...s, pseudo: s.pseudo && { ...s.pseudo, models: ['nowhere.onnx'] } })) }, data)).rejects.toMatchObject({
      code: 'no-model',
    });
  });

  it('resumed with other pseudo-labels is refused', async () => {
    const data = store();
    const { out } = await run(combined, data, { stopAfter: 9 });
    const file = join(out, 'pseudo-labels-2.csv');
    expect(existsSync(file)).toBe(true);
    const { writeFileSync } = await import('node:fs');
    writeFileSync(file, readFileSync(file, 'utf8').replace('relabel', 'keep'));
    await expect(run(combined, data, { out, resume: true })).rejects.toThrow(/pseudo-labels-2\.csv: not the pseudo-labels/);
  });
});

describe('rows that came without a label', () => {
  const bare = (): Promise<string> =>
    withLabels(store(), (labels) => {
      for (let row = 0; row < labels.length; row += 4) labels[row] = hiddenLabel;
    });

  it('are learnt from as unlabelled, wherever they stand, and never chosen on', async () => {
    const data = await bare();
    const recipe = (more: object) => checkRecipe({ ...base, data: { validation: { split: 'val' }, ...more } } as RecipeInput, 'test');
    for (const validation of [{ split: 'val' }, { fraction: 0.2 }, { folds: 3, fold: 0 }]) {
      const { train, trainRows, unlabelledRows, validationRows, validation: on } = await chooseRows(recipe({ validation }), data);
      expect(unlabelledRows).toHaveLength(21);
      for (const row of unlabelledRows) expect(row % 4).toBe(0);
      for (const row of trainRows) expect(train.labels[row]).toBeLessThan(7);
      for (const row of validationRows) expect(on.labels[row]).toBeLessThan(7);
      expect(trainRows.length + ('split' in validation ? 0 : validationRows.length)).toBe(63);
    }
    const { trainRows, unlabelledRows } = await chooseRows(recipe({ labelled: 0.5 }), data);
    expect(trainRows.length + unlabelledRows.length).toBe(84);
    // A csv of pseudo-labels makes labelled rows of them, for this training.
    const csv = join(temporaryDir(), 'pseudo.csv');
    writeFileSync(csv, 'source,split,row,action,to\ntiny,train,0,relabel,happy\ntiny,train,4,keep,sad\ntiny,train,8,drop,\n');
    const taught = await chooseRows(recipe({ changes: [csv] }), data);
    expect([taught.trainRows.length, taught.unlabelledRows.length, taught.train.labels[0], taught.train.labels[4]]).toEqual([64, 19, 3, hiddenLabel]);
    expect(taught.unlabelledRows).not.toContain(8);
    // Labels that the recipe hides stay hidden; their rows can be dropped.
    const hidden = unlabelledRows.find((row) => row % 4 !== 0)!;
    const next = unlabelledRows.findLast((row) => row % 4 !== 0)!;
    writeFileSync(csv, `source,split,row,action,to\ntiny,train,${hidden},drop,\ntiny,train,${next},relabel,happy\n`);
    const dropped = await chooseRows(recipe({ labelled: 0.5, changes: [csv] }), data);
    expect([...dropped.unlabelledRows]).toEqual([...unlabelledRows].filter((row) => row !== hidden));
    expect(dropped.train.labels[next]).toBe(hiddenLabel);
    const { finished } = await run({ ...fixmatch, data: { validation: { split: 'val' } } }, data);
    expect(finished).toBeDefined();
  });

  it('alone teach nothing: the line says what to do', async () => {
    const data = await withLabels(store(), (labels) => labels.fill(hiddenLabel));
    await expect(chooseRows(checkRecipe({ ...base, data: { validation: { split: 'val' } } } as RecipeInput, 'test'), data)).rejects.toMatchObject({
      code: 'no-labels',
      message: expect.stringContaining('mien pseudo-label'),
    });
  });
});
