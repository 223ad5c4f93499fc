import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeStore, temporaryDir } from '../../test/fixtures.ts';
import { openStore, type Store } from '../store/store.ts';
import { type MergeOptions, mergeStores } from './merge.ts';

const repeat = (n: number, classes = 3) => Array.from({ length: n }, (_, i) => i % classes);

/** Two stores that differ in everything that can be brought together. */
function twoStores() {
  const dir = temporaryDir();
  const a = makeStore(
    join(dir, 'a'),
    { train: repeat(30), public: repeat(6), private: repeat(6) },
    { name: 'a', votes: ['anger', 'NF'], row: (_, i) => ({ votes: Uint8Array.of(i, 1) }) },
  );
  const b = makeStore(
    join(dir, 'b'),
    { all: repeat(40, 4), test: [0, 1] },
    {
      name: 'b',
      labels: ['happiness', 'contempt', 'anger', 'sadness'],
      image: { layout: 'fixed', channels: 3, height: 9, width: 12 },
      subjects: true,
      paths: true,
      row: (_, i) => ({ subject: `P${Math.floor(i / 4)}`, path: `${i}.jpg` }),
    },
  );
  return { a, b, out: join(dir, 'out') };
}

async function merged(options: Partial<MergeOptions>): Promise<Store> {
  const { a, b, out } = twoStores();
  await mergeStores([a, b], { out, map: { b: { contempt: 'drop' } }, ...options });
  return openStore(out);
}

const countsOf = (store: Store) => Object.fromEntries(store.manifest.splits.map(({ name, count }) => [name, count]));

describe('mergeStores', () => {
  it('divides the pooled rows 80:10:10, people kept together, locked rows apart', async () => {
    const store = await merged({});
    // 36 unlocked rows of a, and of b the 30 that are not contempt; b's test split keeps to itself beside the new one.
    const { train, val, test, private: locked, 'b-test': apart } = countsOf(store);
    expect([train! + val! + test!, locked, apart]).toEqual([66, 6, 1]);
    expect(train).toBeGreaterThan(46);
    expect(['train', 'val', 'test', 'private', 'b-test'].map((name) => store.isLocked(name))).toEqual([false, false, true, true, true]);
    const splitOf = new Map<string, string>();
    for (const name of store.splitNames.filter((each) => each !== 'b-test')) {
      const { subject, names } = (await (await store.split(name)).readSubjects())!;
      for (const number of subject) {
        if (number === 0) continue;
        const person = names[number - 1]!;
        expect(person).toMatch(/^b\/P/);
        expect(splitOf.get(person) ?? name).toBe(name);
        splitOf.set(person, name);
      }
    }
    expect(splitOf.size).toBe(10);
  });

  it('brings labels, sizes, votes, paths and identities together', async () => {
    const { a, b, out } = twoStores();
    const report = await mergeStores([a, b], { out, map: { '*': { contempt: 'drop' } }, strategy: { kind: 'into-train' } });
    expect(report).toMatchObject({ dropped: 11, converted: 31 });
    const store = await openStore(out);
    expect(store.manifest).toMatchObject({ name: 'a+b', image: { channels: 1, height: 6, width: 6 }, labels: ['angry', 'happy', 'sad'] });
    expect(store.manifest.sources.map(({ name, split }) => `${name}/${split}`)).toEqual(['a/train', 'a/public', 'a/private', 'b/all', 'b/test']);
    expect(store.manifest.history).toEqual([expect.objectContaining({ kind: 'merge', note: 'a + b: merged into train', dropped: 11 })]);
    expect(countsOf(store)).toEqual({ train: 60, public: 6, private: 6, test: 1 });
    const train = await store.split('train');
    const { source, row } = await train.readProvenance();
    const [votes, paths, sizes] = [(await train.readVotes())!, (await train.readPaths())!, await train.readSizes()];
    const at = [...source].indexOf(3);
    expect([row[at], row[at + 1], paths[at], train.labels[at], train.labels[at + 1]]).toEqual([0, 2, '0.jpg', 1, 0]);
    expect([...votes.subarray(2 * at, 2 * at + 2), ...votes.subarray(0, 2)]).toEqual([0, 0, 0, 1]);
    expect(sizes).toBeUndefined();
    // Rows of a have the very pixels they had.
    const before = await (await openStore(a)).split('train');
    expect(await train.readImages(0, 30)).toEqual(await before.readImages(0, 30));
  });

  it('puts locked rows in with the others only when told', async () => {
    const store = await merged({ withLocked: true });
    expect(Object.keys(countsOf(store)).sort()).toEqual(['test', 'train', 'val']);
    expect(store.manifest.count).toBe(42 + 31);
  });

  it('makes folds: the same rows for the same seed, every row once in val', async () => {
    const { a, out } = twoStores();
    const seen: string[] = [];
    for (const fold of [1, 2, 3]) {
      await mergeStores([a], { out: `${out}${fold}`, strategy: { kind: 'fold', folds: 3, fold, seed: 5 } });
      const store = await openStore(`${out}${fold}`);
      expect(countsOf(store)).toEqual({ train: 24, val: 12, private: 6 });
      const { source, row } = await (await store.split('val')).readProvenance();
      seen.push(...[...row].map((each, i) => `${source[i]}:${each}`));
    }
    expect(new Set(seen).size).toBe(36);
    await expect(mergeStores([a], { out: `${out}4`, strategy: { kind: 'fold', folds: 3, fold: 4, seed: 5 } })).rejects.toMatchObject({ code: 'bad-option' });
  });

  it('says what does not go together', async () => {
    const { a, b, out } = twoStores();
    await expect(mergeStores([a, b], { out })).rejects.toMatchObject({
      code: 'unknown-class',
      message: expect.stringMatching(/^b: .*no place for contempt.*b: \{ contempt: drop \}/),
    });
    await expect(mergeStores([a, b], { out, map: { b: { contempt: 'meh' } } })).rejects.toMatchObject({ code: 'bad-map' });
    await expect(mergeStores([a, b], { out, map: { c: {} } })).rejects.toMatchObject({ code: 'bad-map', message: expect.stringContaining('the map names c') });
    await expect(mergeStores([a, a], { out })).rejects.toMatchObject({ code: 'same-source' });
    await expect(mergeStores([a, b], { out, labels: ['x', 'X'] })).rejects.toMatchObject({ code: 'bad-map' });
  });
});
