/** `mien eval` and `mien explain` as a stranger uses them, on a store of a few drawn faces and a network of one layer. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreWriter } from '@mien/data';
import { tensor } from '@mien/onnx';
import { expressions } from '@mien/runtime';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cardOf, modelOf } from '../../../evaluation/test/made-up.ts';

const bin = join(import.meta.dirname, '../../bin/mien.js');
let dir: string;
let data: string;
let face: string;
let model: string;

const mien = (...args: string[]) => spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', cwd: dir });

/** Two eyes and a mouth of some curve on a grey disk. */
function drawn(seed: number, side = 48): Uint8Array {
  return Uint8Array.from({ length: side * side }, (_, p) => {
    const [x, y] = [(p % side) / side - 0.5, Math.floor(p / side) / side - 0.5];
    const eye = Math.hypot(Math.abs(x) - 0.17, y + 0.11) < 0.05;
    const mouth = Math.abs(y - 0.23 + (seed - 3) * x * x) < 0.02 && Math.abs(x) < 0.17;
    return eye || mouth ? 30 : Math.hypot(x, y * 0.9) < 0.48 ? 150 + 10 * seed : 60 + (p % 7);
  });
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mien-eval-'));
  data = join(dir, 'store');
  const image = { layout: 'fixed', channels: 1, height: 48, width: 48 } as const;
  const writer = new StoreWriter({ out: data, name: 'fer2013', form: 'test', file: 'none', image, labels: [...expressions], votes: [...expressions] });
  for (const split of ['train', 'val']) {
    for (let row = 0; row < 14; row++) {
      const votes = Uint8Array.from(expressions, (__, k) => (k === row % 7 ? 8 : 0));
      writer.append({ split, label: row % 7, image: drawn(split === 'val' && row === 3 ? 1 : row / 2 + (split === 'train' ? 0 : 0.25)), votes });
    }
  }
  for (const label of [0, 1]) writer.append({ split: 'private', label, image: drawn(label), votes: new Uint8Array(7) });
  writer.append({ split: 'one', label: 3, image: drawn(1), votes: new Uint8Array(7) });
  writer.finish();
  model = join(dir, 'mine.onnx');
  const card = cardOf({ labels: [...expressions], training: { ...cardOf().training, data: 'fer2013', split: 'train', rows: 14 } }, 44);
  const nodes = [
    { opType: 'Relu', inputs: ['image'], outputs: ['map'] },
    { opType: 'GlobalAveragePool', inputs: ['map'], outputs: ['mean'] },
    { opType: 'Flatten', inputs: ['mean'], outputs: ['feature'] },
    { opType: 'Gemm', inputs: ['feature', 'weight'], outputs: ['logits'] },
  ];
  writeFileSync(model, modelOf(nodes, { weight: tensor.float32(Float32Array.of(1, -2, 3, -1, 2, 0, 1), [1, 7]) }, card));
  face = join(dir, 'face.png');
  await sharp(drawn(2, 96), { raw: { width: 96, height: 96, channels: 1 } })
    .png()
    .toFile(face);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('mien eval', () => {
  it('prints every figure as JSON, writes the page and the plots', () => {
    writeFileSync(join(dir, 'groups.csv'), `row,group\n${Array.from({ length: 14 }, (_, row) => `${row},${row < 7 ? 'x' : 'y'}`).join('\n')}\n`);
    const out = mien(
      'eval',
      model,
      '--data',
      data,
      '--split',
      'val',
      '--groups',
      'groups.csv',
      '--compare',
      model,
      '--html',
      'report.html',
      '--png',
      'plots',
      '--threads',
      '1',
      '--json',
    );
    expect(out.stderr).toContain('written: report.html');
    expect(out.status).toBe(0);
    const json = JSON.parse(out.stdout);
    expect(json).toMatchObject({
      n: 14,
      split: 'val',
      data: 'fer2013',
      votes: { n: 14, entropy: 0 },
      overlap: { other: 'train' },
      comparison: { onlyFirst: 0, onlySecond: 0, p: 1 },
      groups: { n: 14 },
    });
    for (const key of [
      'accuracy',
      'accuracy95',
      'macroF1',
      'macroF1Interval95',
      'top2',
      'nll',
      'ece',
      'reliability',
      'riskCoverage',
      'perClass',
      'confusion',
      'protocol',
    ])
      expect(json).toHaveProperty(key);
    expect(json).not.toHaveProperty('trainedOnRows');
    const html = readFileSync(join(dir, 'report.html'), 'utf8');
    expect(html).toContain('</html>');
    expect(html).not.toMatch(/https?:/);
    expect(readdirSync(join(dir, 'plots')).sort()).toEqual(['confusion.png', 'groups.png', 'recall.png', 'reliability.png', 'risk-coverage.png']);
  });

  it('refuses rows the model was trained on unless forced, and marks them', () => {
    const refused = mien('eval', model, '--data', data, '--split', 'train');
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/^mien: .*14 of the 14 rows of split train are rows the model was trained on .*--force/);
    expect(refused.stdout).toBe('');
    const forced = mien('eval', model, '--data', data, '--split', 'train', '--force', '--json', '--threads', '1');
    expect(JSON.parse(forced.stdout)).toMatchObject({ trainedOnRows: 14, warnings: [expect.stringContaining('was trained on 14 of these 14 rows')] });
    const text = mien('eval', model, '--data', data, '--split', 'train', '--force', '--threads', '1', '--abstain-risk', '0.001');
    expect(text.stdout).toMatch(/^TRAINED ON THESE ROWS .* on 14 of 14\)/);
    expect(text.stderr).toContain('no confidence of this model keeps the wrong answers to 0.1 %');
    expect(text.stdout).toContain('macro-F1');
  });

  it.each([
    [['--split', 'one'], 'split one has rows of one class only (happy)'],
    [['--split', 'nope'], 'no split nope; it has train, val, private, one'],
    [['--split', 'val', '--target', 'ferplus'], 'the model has no output for votes'],
    [['--split', 'val', '--fit-split', 'train'], '--fit-split: names the rows for --abstain-risk'],
    [['--split', 'val', '--abstain-risk', '1.5'], '--abstain-risk 1.5: expected a share'],
    [['--split', 'val', '--abstain-risk', '0.2', '--fit-split', 'val'], 'must be found on other rows'],
    [['--split', 'val', '--groups', 'none.csv'], 'none.csv: cannot be read'],
    [['--split', 'val', '--protocol', 'majority'], '--protocol majority: says which votes count as true; give --target ferplus too'],
    [['--split', 'val', '--overlap', 'val'], '--overlap val: every row of a split has its own pixels'],
    [['--split', 'val', '--overlap', 'nope'], 'no split nope'],
    [['--split', 'val', '--abstain-risk', '0.5', '--fit-split', 'nope'], 'no split nope'],
    [['--split', 'val', '--abstain-risk', '0.5', '--fit-split', 'private'], '--fit-split private: a locked test split must not be fitted on'],
    [['--split', 'private', '--abstain-risk', '0.5'], 'the threshold would be found on half of the locked test split private'],
    [['--split', 'val', '--html', 'nowhere/report.html'], '--html nowhere/report.html: cannot be written (ENOENT)'],
    [['--split', 'val', '--png', 'face.png'], '--png face.png: plots cannot be written there (EEXIST)'],
    [['--split', 'val', '--robustness', '0'], '--robustness 0: expected a whole number'],
  ])('%j is one clear line', (args, words) => {
    const out = mien('eval', model, '--data', data, ...args, '--threads', '1');
    expect(out.status).toBe(2);
    expect(out.stderr.trim().split('\n')).toHaveLength(1);
    expect(out.stderr).toContain(words);
  });
});

describe('mien explain', () => {
  it('writes the map over the face and prints it as JSON', async () => {
    const out = mien('explain', face, '--model', model, '--whole-image', '--method', 'cam', '--class', 'sad', '--out', 'why.png', '--json', '--threads', '1');
    expect(out.status).toBe(0);
    const json = JSON.parse(out.stdout);
    expect(json).toMatchObject({ method: 'cam', label: 'sad', out: 'why.png', methods: expect.arrayContaining(['cam', 'grad-cam', 'occlusion']) });
    expect(json.map.values).toHaveLength(json.map.height * json.map.width);
    expect(await sharp(join(dir, 'why.png')).metadata()).toMatchObject({ width: 784, height: 452 });
  });

  it('judges the kinds of map on rows', () => {
    const out = mien('explain', '--faithfulness', '--model', model, '--data', data, '--split', 'val', '--rows', '3', '--json', '--threads', '1');
    expect(out.status).toBe(0);
    const { faithfulness } = JSON.parse(out.stdout);
    expect(faithfulness.n).toBe(3);
    expect(faithfulness.methods.map(({ method }: { method: string }) => method).sort()).toEqual(['cam', 'grad-cam', 'occlusion', 'random']);
  });

  it('tells in one line what is wrong, and writes nothing', async () => {
    await sharp(drawn(1, 20), { raw: { width: 20, height: 20, channels: 1 } })
      .png()
      .toFile(join(dir, 'small.png'));
    const cases: [string[], string][] = [
      [[], 'expected a picture'],
      [['small.png', '--whole-image', '--out', 'no.png'], 'the face is 20×20 px, smaller than the 44×44 px crop the model looks at'],
      [[face, '--whole-image', '--method', 'attention', '--out', 'no.png'], 'the network has no spatial attention'],
      [[face, '--whole-image', '--class', 'bored', '--out', 'no.png'], '--class bored: the model tells apart angry'],
      [[face, '--whole-image', '--out', 'no.jpg'], '--out no.jpg: expected the name of a picture'],
      [['--faithfulness'], '--faithfulness: needs rows'],
      [[face, '--data', data], '--data and --split: belong to --faithfulness'],
    ];
    for (const [args, words] of cases) {
      const out = mien('explain', ...args, '--model', model, '--threads', '1');
      expect(out.status, args.join(' ')).toBe(2);
      expect(out.stderr.trim().split('\n')).toHaveLength(1);
      expect(out.stderr).toContain(words);
    }
    expect(existsSync(join(dir, 'no.png'))).toBe(false);
  });
});
