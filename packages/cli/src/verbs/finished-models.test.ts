/** What happens to models after their training, as a stranger does it: `mien export`, `mien ensemble`, `mien ablate`; what `mien train` says. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCard } from '@mien/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyModel } from '../../../training/test/tiny-model.ts';
import { writeTinyStore } from '../../../training/test/tiny-store.ts';

const bin = join(import.meta.dirname, '../../bin/mien.js');
let dir: string;
const at = (name: string): string => join(dir, name);

/** Runs the command with nobody at the terminal. */
function mien(...args: string[]): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk));
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk));
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, ...text })));
}

const cardOf = (file: string) => readCard(new Uint8Array(readFileSync(at(file))));

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'mien-finished-models-'));
  writeTinyStore(at('store'), { train: 28, held: 21, val: 21 }, { votes: true });
  writeTinyModel(at('a.onnx'), {
    recipe: { modelOptions: { widths: '32-64', depths: '1-1', stem: 16, zeroInit: false } },
    card: () => ({ figures: [{ metric: 'accuracy', dataset: 'tiny', split: 'held', n: 21, value: 0.5 }] }),
  });
  writeTinyModel(at('b.onnx'), { name: 'second', seed: 2, recipe: { input: [1, 48, 48] } });
  writeTinyModel(at('votes.onnx'), { recipe: { heads: { votes: 1 } } });
  writeTinyModel(at('other.onnx'), { labels: ['yes', 'no'] });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('mien export', () => {
  it('--int8 is smaller, measured before and after, and says so on the card', async () => {
    const { status, err } = await mien('export', at('a.onnx'), '--int8', '--data', at('store'), '--split', 'val', '--out', at('small.onnx'));
    expect(err).toMatch(/on tiny val, n 21[\s\S]*before: accuracy[\s\S]*int8: accuracy[\s\S]*accuracy changed by [+−]\d/);
    expect(status).toBe(0);
    expect(statSync(at('small.onnx')).size).toBeLessThan(0.5 * statSync(at('a.onnx')).size);
    const [accuracy, macroF1, ece, ...more] = cardOf('small.onnx').figures;
    expect(accuracy).toMatchObject({ metric: 'accuracy', split: 'val', n: 21, note: expect.stringMatching(/^weights kept as int8, before: \d+\.\d\d %$/) });
    expect(macroF1!.metric).toBe('macroF1');
    expect(ece!.metric).toBe('ece');
    expect(more.find(({ metric }) => metric === 'recall of happy')).toMatchObject({ n: 3, split: 'val' });
    expect(more.at(-1)).toMatchObject({ split: 'held', value: 0.5, note: 'measured before the weights were kept as int8' });
  });

  it.each([[], ['--int8'], ['--fp16']])('says in a line that a file is no model %s', async (...rounding) => {
    writeFileSync(at('garbage.onnx'), 'no model');
    const { status, err } = await mien('export', at('garbage.onnx'), ...rounding, '--out', at('nothing.onnx'));
    expect([status, err.trim().split('\n').length, existsSync(at('nothing.onnx'))]).toEqual([2, 1, false]);
    expect(err).toContain('garbage.onnx');
  });

  it('fits the temperature on rows that are named, and not silently on those the card has figures of', async () => {
    const fit = (split: string, ...more: string[]) =>
      mien('export', at('a.onnx'), '--temperature-from', at('store'), '--split', split, '--out', at('cool.onnx'), ...more);
    expect((await fit('val')).err).toMatch(/temperature \d+\.\d+ of expression fitted on tiny val, n 21: negative log likelihood (\d+\.\d+) → \d/);
    const card = cardOf('cool.onnx');
    expect(card.output.temperature).not.toBe(1);
    expect(card.training.chosenOn).toMatch(/; temperature \d+\.\d{3} fitted on tiny val, n 21$/);
    const refused = await fit('held');
    expect(refused).toMatchObject({ status: 2, err: expect.stringMatching(/figures of tiny held.*--same-rows/) });
    expect((await fit('held', '--same-rows')).status).toBe(0);
    expect(cardOf('cool.onnx').figures[0]!.note).toBe('the temperature was fitted on these rows');
    const rows = ['--data', at('store'), '--split', 'val', '--temperature-from', at('store'), '--temperature-split', 'val', '--out'];
    const both = await mien('export', at('b.onnx'), ...rows, at('x.onnx'));
    expect(both).toMatchObject({ status: 2, err: expect.stringMatching(/--split val: the temperature was fitted on these very rows/) });
    expect(existsSync(at('x.onnx'))).toBe(false);
    const half = await mien('export', at('a.onnx'), ...rows, at('half.onnx'), '--temperature-share', '0.7', '--abstain-risk', '0.99');
    expect(half).toMatchObject({ status: 0, err: expect.stringContaining('not sure below') });
    const { output, figures, abstain } = cardOf('half.onnx');
    expect(abstain!.threshold).toBeGreaterThan(0);
    expect(output.fittedOn).toEqual([{ source: 'tiny', split: 'val', rows: expect.stringMatching(/^bits:/) }]);
    expect(figures[0]!.note).toBe('14 of 21 are rows the temperature was fitted on');
  });

  it('drops what was found for other probabilities: the threshold for "not sure", and calibration errors', async () => {
    const abstain = { threshold: 0.4 };
    const figure = (metric: string, value: number) => ({ metric, dataset: 'tiny', split: 'val', n: 21, value });
    writeTinyModel(at('sure.onnx'), { recipe: { heads: { votes: 1 } }, card: () => ({ abstain, figures: [figure('accuracy', 0.5), figure('ece', 0.2)] }) });
    const fitted = await mien('export', at('sure.onnx'), '--temperature-from', at('store'), '--split', 'held', '--out', at('fitted.onnx'));
    expect(fitted.err).toMatch(/no longer says below which confidence .*--abstain-risk/);
    expect(cardOf('fitted.onnx').abstain).toBeUndefined();
    expect(cardOf('fitted.onnx').figures.map(({ metric }) => metric)).toEqual(['accuracy']);
    await mien('export', at('sure.onnx'), '--head', 'votes', '--out', at('of-votes.onnx'));
    expect(cardOf('of-votes.onnx').abstain).toBeUndefined();
    await mien('export', at('sure.onnx'), '--fp16', '--out', at('rounded.onnx'));
    expect(cardOf('rounded.onnx').abstain).toEqual(abstain);
  });

  it.each([
    [['--temperature-share', '0.5'], /--temperature-share 0\.5: of which rows\? give --temperature-from too/],
    [['--same-rows'], /--same-rows: belongs to --temperature-from/],
  ])('refuses %j alone', async (flags, message) => {
    const { status, err } = await mien('export', at('a.onnx'), ...flags, '--out', at('nothing.onnx'));
    expect([status, existsSync(at('nothing.onnx'))]).toEqual([2, false]);
    expect(err).toMatch(message);
  });

  it('names both label lists where the data has other classes, and fits nothing else instead', async () => {
    const { status, err } = await mien('export', at('other.onnx'), '--data', at('store'), '--split', 'val', '--out', at('nothing.onnx'));
    expect(status).toBe(2);
    expect(err).toMatch(/tells apart yes, no; the data is labelled angry/);
  });

  it('--head makes another output the main one; the file is evaluated by either', async () => {
    expect((await mien('export', at('votes.onnx'), '--head', 'votes', '--out', at('voted.onnx'))).status).toBe(0);
    const card = cardOf('voted.onnx');
    expect(card).toMatchObject({ output: { name: 'votes' }, otherHeads: [{ name: 'expression', output: { name: 'logits' } }] });
    expect(card.labels).toHaveLength(8);
    const figures = async (file: string, target: string) =>
      JSON.parse((await mien('eval', at(file), '--data', at('store'), '--split', 'val', '--target', target, '--json')).out);
    for (const target of ['labels', 'ferplus']) {
      const [before, after] = [await figures('votes.onnx', target), await figures('voted.onnx', target)];
      expect([after.n, after.accuracy, after.nll]).toEqual([before.n, before.accuracy, before.nll]);
    }
    expect(await mien('export', at('a.onnx'), '--head', 'votes', '--out', at('x.onnx'))).toMatchObject({
      status: 2,
      err: expect.stringMatching(/no head votes; it has expression/),
    });
  });

  it.each([
    [['--int8', '--fp16'], /give one/],
    [['--split', 'val'], /of which data\?/],
    [['--temperature-from', 'x', '--data', 'y', '--split', 'val'], /name the split too, with --temperature-split/],
  ])('refuses %j', async (flags, message) => {
    expect(await mien('export', at('a.onnx'), '--out', at('x.onnx'), ...flags)).toMatchObject({ status: 2, err: expect.stringMatching(message) });
  });
});

describe('mien ensemble', () => {
  it('writes one file that is evaluated as any model', async () => {
    const made = await mien('ensemble', at('a.onnx'), at('b.onnx'), '--flip', '--int8', '--out', at('both.onnx'), '--data', at('store'), '--split', 'val');
    expect(made).toMatchObject({
      status: 0,
      err: expect.stringMatching(
        /a\.onnx: the picture cut to 44×44[\s\S]*b\.onnx: the picture as it is[\s\S]*before: accuracy[\s\S]*int8: accuracy[\s\S]*% of the answers are the same/,
      ),
    });
    const card = cardOf('both.onnx');
    expect(card).toMatchObject({ name: 'both', description: 'Mean of the probabilities of tiny, second, over mirror images too' });
    const { out } = await mien('eval', at('both.onnx'), '--data', at('store'), '--split', 'val', '--json');
    expect(JSON.parse(out).accuracy).toBeCloseTo(card.figures[0]!.value, 10);
    expect(card.figures[0]!.note).toMatch(/weights kept as int8, before: \d/);
    // A folder that is not there is made.
    expect((await mien('ensemble', at('a.onnx'), '--flip', '--out', at('new/folder/views.onnx'))).status).toBe(0);
  });

  it('refuses different label sets and a lone model', async () => {
    expect(await mien('ensemble', at('a.onnx'), at('other.onnx'), '--out', at('x.onnx'))).toMatchObject({
      status: 2,
      err: expect.stringMatching(
        /other\.onnx: head expression tells apart yes, no; the others tell apart angry, .*: it lacks angry, .* and also has yes, no\n$/,
      ),
    });
    expect(await mien('ensemble', at('a.onnx'), '--out', at('x.onnx'))).toMatchObject({ status: 2, err: expect.stringMatching(/--flip or --crops/) });
    expect(existsSync(at('x.onnx'))).toBe(false);
  });
});

/** Trains in a moment. */
const tinyFields = `model: mien-net-small
modelOptions: { widths: '16', depths: '1', stem: 16 }
batch: 8
epochs: 1
data: { validation: { split: val } }
optimizer: { kind: sgd, learningRate: 0.02 }
`;
const tinyBase = `base:\n${tinyFields.replace(/^/gm, '  ').trimEnd()}\n`;

describe('mien ablate', () => {
  it('shows what it would cost, trains, prints the table, and the same command has nothing left to do', async () => {
    writeFileSync(
      at('gates.yaml'),
      `name: gates
${tinyBase}rows:
  - { name: plain, set: { modelOptions.gate: none } }
  - { name: gated }
`,
    );
    const command = ['ablate', at('gates.yaml'), '--data', at('store')];
    expect(await mien(...command, '--dry-run')).toMatchObject({
      status: 0,
      err: expect.stringMatching(/2 rows, 1 seed, 2 trainings: about .* at 64 GFLOP\/s/),
    });
    const first = await mien(...command, '--out', at('gates'), '--threads', '1');
    expect(first.out).toMatch(/^# gates\n[\s\S]*\| plain +\|[\s\S]*\| gated +\|/);
    expect(first).toMatchObject({ status: 0, err: expect.stringMatching(/run 1\/2 plain, seed 1: accuracy[\s\S]*run 2\/2 gated[\s\S]*done: .*results\.png/) });
    const again = await mien(...command, '--out', at('gates'), '--threads', '1');
    expect(again.out).toBe(first.out);
    expect(again.err).not.toContain('run 1/2');
    // A place for the table that is not there is told of before anything is trained.
    writeFileSync(at('table.md'), '# Results\n');
    expect(await mien(...command, '--out', at('gates'), '--set', 'epochs=2', '--update', at('table.md'))).toMatchObject({
      status: 2,
      err: expect.stringMatching(/table\.md: expected the marks <!-- ablation gates --> and/),
    });
  });

  it('ended by a mistake in one row, leaves the table of those that are finished', async () => {
    writeFileSync(
      at('broken.yaml'),
      `name: broken
${tinyBase}rows:
  - { name: fine }
  - { name: taught otherwise, set: { distill: { teachers: [${at('other.onnx')}] } } }
`,
    );
    const { status, err, out } = await mien('ablate', at('broken.yaml'), '--data', at('store'), '--out', at('broken'), '--threads', '1');
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(/results\.md: the table of what is finished; the same command goes on\n.*distill\.teachers/);
    expect(readFileSync(join(at('broken'), 'results.md'), 'utf8')).toMatch(/\| fine +\| \d[\s\S]*\| taught otherwise +\| –/);
  });
});

describe('mien train', () => {
  it('says which stages a change does not reach, and warns of frozen noise, looking ahead and training', async () => {
    writeFileSync(
      at('staged.yaml'),
      `name: staged
${tinyFields}stages:
  - { name: head, trainable: [classifier] }
  - { name: all, optimizer: { learningRate: 0.002 } }
`,
    );
    const command = ['train', at('staged.yaml'), '--data', at('store'), '--threads', '1', '--set', 'optimizer.learningRate=0.01'];
    const kept = /--set optimizer\.learningRate=0\.01: stage all \(0\.002\) keeps its own optimizer\.learningRate/;
    const frozen = /warning: stage head freezes \d+ of \d+ layers that nothing has trained/;
    const ahead = await mien(...command, '--dry-run');
    expect(ahead.status).toBe(0);
    expect(ahead.err).toMatch(/stage 1\/2, head: building\n[\s\S]*stage 2\/2, all: building\n/);
    const { status, err } = await mien(...command, '--out', at('staged'));
    expect(status).toBe(0);
    for (const text of [ahead.err, err]) {
      expect(text).toMatch(kept);
      expect(text).toMatch(frozen);
    }
  });
});
