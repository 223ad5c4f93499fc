/** Figures that need a store: votes, rows seen in training, groups, overlap, robustness. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rowSetsOf, rowsInSets } from '@mien/data';
import { decodeModel, encodeModel, tensor } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import type { ModelCard } from '@mien/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cardOf, flat, leftHalfModel, makeStore, type MadeUpRow } from '../test/made-up.ts';
import { evaluateSplit } from './evaluate.ts';
import { LookingGlass } from './explain/looking-glass.ts';
import { measureFaithfulness } from './explain/faithfulness.ts';
import { cardFigures } from './card-figures.ts';
import { headsOfCard } from './card-heads.ts';
import { fitCardTemperature } from './card-temperature.ts';
import { readGroups } from './groups-csv.ts';
import { overlapFigures } from './overlap-figures.ts';
import { measureRobustness, sampleRows } from './robustness.ts';
import { caveatsOf, checkSplit, refuseSeen, seenRows, usedRows } from './seen-rows.ts';
import { voteAgreement } from './vote-agreement.ts';
import { majorityTruth } from './votes.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'mien-measured-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Dark and bright pictures in turn. */
const rowsOf = (split: string, count: number, shift = 0): MadeUpRow[] =>
  Array.from({ length: count }, (_, i) => ({ split, label: i % 2, image: flat(i % 2 ? 200 + i + shift : 10 + i + shift) }));
const trained = (training: Partial<ModelCard['training']>): ModelCard => cardOf({ training: { ...cardOf().training, ...training } });

describe('votes', () => {
  const votes = ['dark', 'bright', 'unknown'];
  const vote = (...counts: number[]): MadeUpRow => ({ split: 'test', label: 0, image: flat(0), votes: Uint8Array.from(counts) });

  it('agreement is the cross-entropy with the shares of the votes, less their entropy', async () => {
    const store = await makeStore(dir, [vote(3, 1, 0), vote(0, 0, 9), vote(0, 5, 5)], { votes });
    const p = Float32Array.of(0.75, 0.25, 0.5, 0.5, 0.2, 0.8);
    const agreement = (await voteAgreement(await store.split('test'), [0, 1, 2], p, ['dark', 'bright']))!;
    const entropy = -(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25));
    expect([agreement.n, agreement.leftOut]).toEqual([2, 1]);
    expect(agreement.nll).toBeCloseTo((entropy - Math.log(0.8)) / 2, 5);
    expect(agreement.kl).toBeCloseTo(-Math.log(0.8) / 2, 5);
    expect(agreement.entropy).toBeCloseTo(entropy / 2, 5);
    await store.close();
  });

  it('is not measured where there are no votes for the classes', async () => {
    const store = await makeStore(dir, [vote(3, 1, 0)], { votes });
    expect(await voteAgreement(await store.split('test'), [0], Float32Array.of(1, 0), ['dark', 'dim'])).toBeUndefined();
    await store.close();
    const without = await makeStore(dir, rowsOf('test', 2));
    expect(await voteAgreement(await without.split('test'), [0], Float32Array.of(1, 0), ['dark', 'bright'])).toBeUndefined();
    await without.close();
  });

  it('a majority is more than half of all votes of a row, for one of the classes', async () => {
    const rows = [vote(6, 1, 3), vote(5, 3, 2), vote(4, 0, 6), vote(0, 0, 0), vote(2, 3, 0)];
    const store = await makeStore(dir, rows, { votes });
    const { rows: counted, truth, protocol } = await majorityTruth(await store.split('test'), ['dark', 'bright']);
    expect([...counted]).toEqual([0, 4]);
    expect([...truth]).toEqual([0, 1]);
    expect(protocol).toBe(
      'majority of votes over 2 classes, more than half of all votes of a row; 3 of 5 rows left out (1 without a majority, 1 whose majority is none of these classes, as unknown or no face, 1 without votes)',
    );
    await store.close();
  });

  it('votes that sum to zero are no truth: one clear line', async () => {
    const store = await makeStore(dir, [vote(0, 0, 0), vote(0, 0, 0)], { votes });
    const split = await store.split('test');
    expect(await voteAgreement(split, [0, 1], new Float32Array(4), ['dark', 'bright'])).toBeUndefined();
    await expect(majorityTruth(split, ['dark', 'bright'])).rejects.toThrow(/^split test: the votes of all 2 rows sum to 0/);
    await expect(majorityTruth(split, ['dark', 'dim'])).rejects.toThrow('the votes have no column for dim; they have dark, bright, unknown');
    await store.close();
  });
});

describe('rows the model was trained on', () => {
  it('are those of the split the card names', async () => {
    const store = await makeStore(dir, [...rowsOf('train', 4), ...rowsOf('test', 6)]);
    const [train, test] = [await store.split('train'), await store.split('test')];
    const card = trained({ data: 'made-up', split: 'train', rows: 4 });
    expect([...(await seenRows(card, store, train)).rows]).toEqual([0, 1, 2, 3]);
    expect((await seenRows(card, store, test)).rows).toHaveLength(0);
    expect(() => refuseSeen({ rows: Uint32Array.of(0, 1), trainedOn: 'made-up train' }, test, 'm.onnx')).toThrow(
      'm.onnx: 2 of the 6 rows of split test are rows the model was trained on (its card says made-up train); name another split, or say --force, which marks the result',
    );
    await store.close();
  });

  it('are known by where they came from, in a store of another name', async () => {
    const store = await makeStore(dir, [...rowsOf('train', 4), ...rowsOf('test', 2)], { name: 'fer2013' });
    // A merged store keeps each row's source; here the store is only named otherwise.
    Object.assign(store.manifest, { name: 'merged' });
    const card = trained({ data: 'fer2013', split: 'train + extra', rows: 9 });
    expect((await seenRows(card, store, await store.split('train'))).rows).toHaveLength(4);
    expect((await seenRows(card, store, await store.split('test'))).rows).toHaveLength(0);
    expect((await seenRows(trained({ data: 'raf-db', split: 'train' }), store, await store.split('train'))).rows).toHaveLength(0);
    await store.close();
  });
});

describe('rows a card keeps', () => {
  it('are known in a store of another name, divided otherwise; other rows of the same data are not taken for them', async () => {
    const store = await makeStore(dir, [...rowsOf('train', 6), ...rowsOf('test', 4)], { name: 'fer2013' });
    const { sources } = store.manifest;
    const [train, test] = [await store.split('train'), await store.split('test')];
    const card = trained({
      data: 'fer2013+other',
      learntRows: await rowSetsOf(train, [0, 1, 5], sources),
      chosenRows: await rowSetsOf(train, [2], sources),
    });
    expect([...(await seenRows(card, store, train)).rows]).toEqual([0, 1, 5]);
    expect([...(await seenRows(card, store, test)).rows]).toEqual([]);
    const head = { fittedOn: await rowSetsOf(test, [0, 3], sources) };
    expect(await usedRows(card, head, store, train)).toEqual({ chosen: Uint32Array.of(2), fitted: new Uint32Array(0) });
    expect(await caveatsOf(card, head, store, train)).toEqual(['3 of 6 are rows the model was trained on', '1 of 6 are rows the epoch was chosen on']);
    expect(await caveatsOf(card, head, store, test)).toEqual(['2 of 4 are rows the temperature was fitted on']);
    const all = { fittedOn: await rowSetsOf(test, [0, 1, 2, 3], sources) };
    expect(await caveatsOf(card, all, store, test)).toEqual(['rows the temperature was fitted on']);
    await store.close();
  });
});

describe('an evaluation of two outputs', () => {
  const votes = ['dark', 'bright', 'unknown'];
  const row = (value: number, ...counts: number[]): MadeUpRow => ({
    split: 'test',
    label: Number(value > 100),
    image: flat(value),
    votes: Uint8Array.from(counts),
  });
  /** The same logits twice, as labels and as votes. */
  const twoHeads = (fields: Partial<ModelCard> = {}): Uint8Array => {
    const decoded = decodeModel(
      leftHalfModel(cardOf({ otherHeads: [{ name: 'votes', labels: ['dark', 'bright'], output: { name: 'votes', temperature: 1 } }], ...fields })),
    );
    return encodeModel({
      ...decoded,
      nodes: [...decoded.nodes, { opType: 'Identity', inputs: ['logits'], outputs: ['votes'] }],
      outputs: [...decoded.outputs, { name: 'votes', dtype: 'float32', shape: ['N', 2] }],
    });
  };
  const options = { file: 'two.onnx', createSession, threads: 1 };

  it('compares the one for votes with the votes of all rows, whatever is taken for true', async () => {
    const store = await makeStore(dir, [row(10, 6, 2, 2), row(210, 1, 9, 0), row(20, 4, 4, 2), row(220, 0, 0, 10)], { votes });
    const split = await store.split('test');
    const labelled = await evaluateSplit({ ...options, model: twoHeads(), split, withVotes: true });
    const voted = await evaluateSplit({ ...options, model: twoHeads(), split, target: 'ferplus', withVotes: true });
    expect([labelled.n, voted.n]).toEqual([4, 2]);
    // The third row has votes but no majority, the fourth none for these classes.
    expect(labelled.votes).toMatchObject({ n: 3, leftOut: 1 });
    expect(voted.votes).toEqual(labelled.votes);
    expect([...voted.rows]).toEqual([0, 1]);
    const alone = await evaluateSplit({ ...options, model: twoHeads(), split, target: 'ferplus' });
    expect(alone.logits).toEqual(voted.logits);
    expect(alone).not.toHaveProperty('votes');
    await store.close();
  });

  it('fits the temperature of the labels, keeps the rows, and can leave a part of them for judging', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => i).map((i) => row(i % 2 ? 200 : 20 + i, i % 2 ? 1 : 8, i % 2 ? 9 : 1, 0));
    const store = await makeStore(dir, rows, { votes });
    const split = await store.split('test');
    const fit = { ...options, model: twoHeads(), split, dataset: 'made-up', sources: store.manifest.sources };
    const { card, heads, left } = await fitCardTemperature({ ...fit, share: 0.5 });
    expect([heads.map(({ head }) => head), left]).toEqual([['expression'], ['votes gives the distribution of the votes as it learnt it']]);
    expect(heads[0].n).toBe(10);
    expect(heads[0].after).toBeLessThanOrEqual(heads[0].before);
    expect([card.output.temperature, card.otherHeads![0]!.output.temperature]).toEqual([heads[0].temperature, 1]);
    expect(await rowsInSets(split, card.output.fittedOn!, store.manifest.sources)).toHaveLength(10);
    const figures = cardFigures(await evaluateSplit({ ...options, model: twoHeads(), split }), 'made-up');
    const claimed = { ...fit, model: twoHeads({ figures }) };
    await expect(fitCardTemperature(claimed)).rejects.toMatchObject({ code: 'same-rows' });
    expect((await fitCardTemperature({ ...claimed, share: 0.5 })).card.figures[0]!.note).toBe('the temperature was fitted on a part of these rows');
    await store.close();
  });

  it('one class of votes, outputs of another width and numbers that are none are each one clear line', async () => {
    const store = await makeStore(dir, [row(10, 6, 0, 0), row(210, 7, 0, 0)], { votes });
    const split = await store.split('test');
    await expect(evaluateSplit({ ...options, model: twoHeads(), split, target: 'ferplus' })).rejects.toMatchObject({
      code: 'one-class',
      message: expect.stringContaining('split test has rows of one class only (dark)'),
    });
    const three = cardOf({ labels: ['dark', 'bright'], output: { name: 'mean', temperature: 1 } });
    const wrong = decodeModel(leftHalfModel(three));
    const narrow = encodeModel({ ...wrong, outputs: [...wrong.outputs, { name: 'mean', dtype: 'float32', shape: ['N', 1] }] });
    await expect(evaluateSplit({ ...options, model: narrow, split })).rejects.toThrow(
      'two.onnx: output mean gives 1 values a face, its card names 2 labels (dark, bright)',
    );
    const broken = decodeModel(leftHalfModel());
    const bias = tensor.float32(Float32Array.of(0, Number.NaN), [2]);
    const diverged = encodeModel({ ...broken, initializers: { ...broken.initializers, bias } });
    await expect(evaluateSplit({ ...options, model: diverged, split })).rejects.toThrow('two.onnx: output logits is not a finite number for some faces');
    await store.close();
  });
});

describe('checkSplit', () => {
  it('refuses one class and no rows', async () => {
    const store = await makeStore(dir, [...rowsOf('test', 2), { split: 'dark only', label: 0, image: flat(1) }]);
    const one = await store.split('dark only');
    expect(() => checkSplit(one)).toThrow('split dark only has rows of one class only (dark)');
    const none = Object.assign(Object.create(one) as typeof one, { count: 0 });
    expect(() => checkSplit(none)).toThrow('split dark only has no rows; there is nothing to measure');
    checkSplit(await store.split('test'));
    await store.close();
  });
});

describe('readGroups', () => {
  const write = (text: string): string => {
    const file = join(dir, 'groups.csv');
    writeFileSync(file, text);
    return file;
  };

  it('takes row and group by name, passes over the rest, and rows without a group', async () => {
    const groups = await readGroups(write('\ufeffGroup,age,row\r\nx,3,0\r\n"y, z",4,2\r\n,5,1\r\n'), 3);
    expect([...groups]).toEqual([
      [0, 'x'],
      [2, 'y, z'],
    ]);
  });

  it.each([
    ['row,people\n0,x\n', 'expected a first line with the columns row,group, got row,people'],
    ['', 'got an empty file'],
    ['row,group\n0,x\n3,y\n', 'line 3: row 3 is not within 0…2'],
    ['row,group\nx,y\n', 'row x is not within'],
    ['row,group\n1,x\n1,y\n', 'line 3: row 1 has a group already'],
    ['row,group\n0,\n', 'no row has a group'],
    ['row,group\n0,x\n1,x\n', 'all rows are of one group (x); a comparison needs two'],
  ])('%j is refused', async (text, words) => {
    await expect(readGroups(write(text), 3)).rejects.toThrow(words);
  });

  it('says where there is no file', async () => {
    await expect(readGroups(join(dir, 'nowhere.csv'), 3)).rejects.toThrow(/nowhere.csv: cannot be read/);
  });
});

describe('overlapFigures', () => {
  it('leaves out rows whose pixels stand in the other split', async () => {
    const train = rowsOf('train', 4);
    const store = await makeStore(dir, [...train, ...rowsOf('test', 4, 20), { split: 'test', label: 0, image: train[1]!.image }]);
    const split = await store.split('test');
    const evaluation = await evaluateSplit({ model: leftHalfModel(), file: 'm', createSession, split, threads: 1 });
    // The copied row is bright but labelled dark: the model's only mistake.
    expect(evaluation.accuracy).toBeCloseTo(4 / 5);
    const figures = await overlapFigures(store, evaluation, 'train');
    expect(figures).toMatchObject({ other: 'train', rows: 1, correct: 0, without: { n: 4, accuracy: 1 } });
    await store.close();
  });
});

describe('measureRobustness', () => {
  it('hurts where the model looks, and nowhere else', async () => {
    // Dark on the left, bright on the right, or the other way round: only the left half tells.
    const image = (bright: boolean): Uint8Array => Uint8Array.from({ length: 64 }, (_, p) => (p % 8 < 4 === bright ? 220 : 30));
    const rows = Array.from({ length: 12 }, (_, i) => ({ split: 'test', label: i % 2, image: image(i % 2 === 1) }));
    const store = await makeStore(dir, rows);
    const split = await store.split('test');
    const progress: number[] = [];
    const options = { model: leftHalfModel(), file: 'm', createSession, split, rows: [...rows.keys()], truth: split.labels, seed: 1, threads: 1 };
    const result = await measureRobustness({ ...options, onProgress: (done, total) => progress.push(done / total) });
    expect(result.clean).toBe(1);
    expect(result.corruptions).toHaveLength(15);
    for (const { accuracy } of result.corruptions) expect(accuracy).toHaveLength(5);
    const lost = Object.fromEntries(result.occlusions.map(({ region, drop }) => [region, drop]));
    expect(lost['left half']).toBeCloseTo(0.5);
    expect(lost['right half']).toBe(0);
    expect(result.retained).toBeLessThanOrEqual(1);
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect((await measureRobustness(options)).corruptions).toEqual(result.corruptions);
    await store.close();
  });

  it('samples rows by the seed, ascending, at most those there are', () => {
    expect([...sampleRows(5, 9, 1)]).toEqual([0, 1, 2, 3, 4]);
    expect(sampleRows(100, 10, 1)).toEqual(sampleRows(100, 10, 1));
    expect([...sampleRows(100, 10, 2)]).toEqual([...sampleRows(100, 10, 2)].toSorted((a, b) => a - b));
  });
});

describe('measureFaithfulness', () => {
  it('believes the map of a model whose reasons are known', async () => {
    // Ten bright pixels on the left decide, as many on the right do not; their places change from row to row.
    const rows = Array.from({ length: 16 }, (_, i) => ({
      split: 'test',
      label: 1,
      image: Uint8Array.from({ length: 64 }, (_, p) => (((Math.floor(p / 8) * 4 + (p % 4)) * 7 + i * 5) % 32 < 10 ? 255 : 0)),
    }));
    const store = await makeStore(dir, rows);
    const split = await store.split('test');
    const model = leftHalfModel(cardOf({ output: { name: 'logits', temperature: 0.5 } }));
    const [head] = headsOfCard(cardOf({ output: { name: 'logits', temperature: 0.5 } }));
    const glass = await LookingGlass.open({ model, file: 'm', createSession, threads: 1, head });
    const result = await measureFaithfulness({ glass, split, rows: [...rows.keys()], methods: ['cam', 'occlusion'], seed: 1 });
    await glass.release();
    await store.close();
    expect(result.n).toBe(16);
    expect(result.methods.at(-1)!.method).toBe('random');
    const cam = result.methods.find(({ method }) => method === 'cam')!;
    expect(cam.beyondRandom.interval95[0]).toBeGreaterThan(0);
    expect(result.verdict).toMatch(/^Believe (cam|occlusion)/);
  });
});
