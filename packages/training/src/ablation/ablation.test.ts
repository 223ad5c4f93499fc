/** Whole ablations, seconds long, on a tiny network. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '@mien/runtime';
import {
  type AblationProgress,
  formatMarkdown,
  loadAblation,
  planAblation,
  type RunAblationOptions,
  runAblation,
  type RunOutcome,
  summariseAblation,
  updateDocument,
  writeResults,
} from '@mien/training';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { temporaryDir, writeTinyStore } from '../../test/tiny-store.ts';

let dir: string;
let data: string;

const base = `
name: tiny
model: mien-net-small
modelOptions: { widths: '16', depths: '1', stem: 16 }
batch: 8
epochs: 1
data: { validation: { split: val } }
optimizer: { kind: sgd, learningRate: 0.02 }
`;

const file = (name: string, text: string): string => {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
};

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'mien-ablation-test-'));
  data = writeTinyStore(join(dir, 'store'), { train: 16, val: 14, other: 21 });
  file('base.yaml', base);
});
// Whole trainings take minutes where the machine has other work.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const twoRows = `
name: gates
description: Does the gate pay?
base: base.yaml
seeds: [1, 2]
rows:
  - { name: plain, set: { modelOptions.gate: none } }
  - { name: With a gate!, set: { modelOptions.gate: cbam }, note: from scratch }
`;

async function run(plan: ReturnType<typeof loadAblation>, out: string, options: Partial<RunAblationOptions> = {}) {
  const progress: AblationProgress[] = [];
  const told: RunOutcome[] = [];
  const outcome = await runAblation({
    plan,
    data,
    out,
    threads: 1,
    ...options,
    onProgress: (each) => {
      progress.push(each);
      options.onProgress?.(each);
    },
    onOutcome: (each) => told.push(each),
  });
  return { outcome, progress, told };
}

describe('an ablation', () => {
  it('killed in a training, goes on with it when called again, and ends with one table', async () => {
    const out = join(dir, 'out');
    const path = file('gates.yaml', twoRows);
    const script = `import('@mien/training').then(({ loadAblation, runAblation }) => runAblation({ plan: loadAblation(process.argv[1]), data: process.argv[2], out: process.argv[3], threads: 1, onProgress: ({ index, event }) => console.log(index, event.type) }));`;
    const child = spawn(process.execPath, ['-e', script, path, data, out], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.on('data', (text) => {
      printed += text;
      if (printed.includes('2 step')) child.kill('SIGKILL');
    });
    await new Promise((resolve) => child.on('exit', resolve));
    expect(readdirSync(join(out, 'runs'))).toEqual(['01-plain-seed-1', '02-with-a-gate-seed-1']);
    expect(existsSync(join(out, 'runs/02-with-a-gate-seed-1/result.json'))).toBe(false);

    const plan = loadAblation(path);
    const { outcome, progress, told } = await run(plan, out);
    expect(outcome.finished).toBe(true);
    expect(told.map(({ row, seed }) => [row, seed])).toEqual([
      ['With a gate!', 1],
      ['plain', 2],
      ['With a gate!', 2],
    ]);
    expect(progress.filter(({ secondsLeft }) => secondsLeft !== undefined).at(-1)!.secondsLeft).toBeCloseTo(0);
    expect(readdirSync(out).sort()).toEqual(['ablation.json', 'runs']);

    const summary = summariseAblation(plan, outcome);
    expect(summary).toMatchObject({ dataset: 'tiny', measuredOn: 'split val, on which the epoch was chosen', n: 14, finished: true });
    const [plain, gate] = summary.rows;
    expect(plain!.figures!.difference).toBeUndefined();
    const [low, high] = gate!.figures!.difference!.interval95;
    expect(gate!.figures!.difference!.value).toBeCloseTo(gate!.figures!.accuracy.mean - plain!.figures!.accuracy.mean, 10);
    expect(low <= gate!.figures!.difference!.value && gate!.figures!.difference!.value <= high).toBe(true);
    expect(gate!.parameters).toBeGreaterThan(plain!.parameters);
    expect(gate!.figures!.seconds).toBeGreaterThan(0);

    const files = await writeResults(summary, out);
    const markdown = readFileSync(files.markdown, 'utf8');
    expect(markdown).toMatch(/\| plain +\| \d+\.\d\d ± \d+\.\d\d \[/);
    expect(markdown).toContain('from scratch');
    expect(readFileSync(files.csv, 'utf8').split('\n')).toHaveLength(4);
    expect([...readFileSync(files.png).subarray(1, 4)].map((code) => String.fromCharCode(code)).join('')).toBe('PNG');
    expect(statSync(files.png).size).toBeGreaterThan(5000);

    // Nothing is left to do, and nothing is done.
    const again = await run(plan, out);
    expect(again.progress).toEqual([]);
    expect(again.outcome.outcomes).toEqual(outcome.outcomes);

    file('gates.yaml', twoRows.replace('gate: cbam', 'gate: se'));
    await expect(run(loadAblation(path), out)).rejects.toThrow(/begun with another file \(rows\.1\.recipe\.modelOptions\.gate: "cbam", now "se"\)/);
  });

  it('stopped by a signal keeps what there is; a diverged training is an outcome; other rows are measured whole', async () => {
    const out = join(dir, 'stopped');
    const path = file(
      'stopped.yaml',
      `
name: rates
base: base.yaml
split: other
rows:
  - name: usual
  - { name: far too high, set: { optimizer.learningRate: 1.0e+20 } }
  - { name: usual by another name, set: { description: other } }
  - { name: last, against: usual by another name, set: { batch: 4 } }
`,
    );
    const abort = new AbortController();
    const stopped = await run(loadAblation(path), out, {
      signal: abort.signal,
      onProgress: ({ index, event }) => index === 4 && event.type === 'step' && abort.abort(),
    });
    expect(stopped.outcome.finished).toBe(false);
    expect(stopped.told).toMatchObject([
      { row: 'usual', n: 21, rows: 'split other' },
      { row: 'far too high', failure: expect.stringMatching(/learningRate/) },
      { row: 'usual by another name' },
    ]);
    // The same training is not done twice.
    expect(stopped.progress.some(({ index }) => index === 3)).toBe(false);
    const plan = loadAblation(path);
    const summary = summariseAblation(plan, stopped.outcome);
    const { markdown, png } = await writeResults(summary, out);
    expect(readFileSync(markdown, 'utf8')).toMatch(/far too high +\| – .*diverged with seed 1/);
    expect(readFileSync(markdown, 'utf8')).toMatch(/last +\| – .*to come/);
    expect(statSync(png).size).toBeGreaterThan(5000);
    const { outcome } = await run(plan, out);
    expect(outcome).toMatchObject({
      finished: true,
      outcomes: [{ row: 'usual' }, { failure: expect.any(String) }, { row: 'usual by another name' }, { row: 'last', n: 21 }],
    });
    const finished = summariseAblation(plan, outcome);
    expect(finished.rows[2]!.figures!.difference).toEqual({ against: 'usual', value: 0, interval95: [0, 0] });
    expect(formatMarkdown(finished)).toMatch(/\| last +\| .* to usual by another name/);
  });

  it('puts its table where a document marks its place', async () => {
    const document = join(temporaryDir(), 'results.md');
    const summary = { name: 'a', description: 'What for.', dataset: 'd', measuredOn: 'split s', n: 3, seeds: [1], finished: true, rows: [] };
    const row = {
      name: 'r',
      note: '',
      seeds: [],
      diverged: [],
      architecture: 'x',
      input: [1, 2, 2],
      parameters: 1200,
      flops: 1e6,
      trainingRows: 1,
      trainingFlops: 1,
    };
    writeFileSync(document, '# Results\n\n<!-- ablation a -->\nold\n<!-- /ablation a -->\n\nend\n');
    updateDocument(document, { ...summary, rows: [row] });
    const text = readFileSync(document, 'utf8');
    expect(text).toMatch(/^# Results\n\n<!-- ablation a -->\n\nWhat for\.\n\n\| row/);
    expect(text).toMatch(/\| r +\| .*\n\nAccuracy in per cent on d, split s, n 3; seed 1.*\n\n<!-- \/ablation a -->\n\nend\n$/);
    updateDocument(document, { ...summary, rows: [row] });
    expect(readFileSync(document, 'utf8')).toBe(text);
    expect(() => updateDocument(document, { ...summary, name: 'b', rows: [row] })).toThrow(/expected the marks <!-- ablation b -->/);
  });
});

describe('the file of an ablation', () => {
  const refusal = (text: string, overrides: string[] = []): string => {
    try {
      loadAblation(file('bad.yaml', text), overrides);
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      expect((error as Error).message).not.toContain('\n');
      return (error as Error).message.replace(join(dir, 'bad.yaml'), 'bad.yaml');
    }
    throw new Error('was accepted');
  };
  const rows = (text: string): string => `name: a\nbase: base.yaml\nrows:\n${text}`;

  it('names the row and the field of a mistake', () => {
    expect(refusal(rows('  - { name: x, set: { modle: y } }'))).toBe('bad.yaml: rows.0 (x): recipe: there is no field modle; did you mean model?');
    expect(refusal(rows('  - { name: x }\n  - { name: x }'))).toBe('bad.yaml: rows.1 (x): there is a row of this name already');
    expect(refusal(rows('  - { name: x, against: z }'))).toBe('bad.yaml: rows.0 (x): against: expected the name of another row, got z');
    expect(refusal('name: a\nrows:\n  - { name: x }')).toMatch(/rows\.0 \(x\): names no recipe, and the file has no base/);
    expect(refusal(rows('  - { name: x, sett: {} }'))).toMatch(/rows\.0: .*did you mean set\?/);
    expect(refusal('name: a\nbase: base.yaml\nrows: []')).toMatch(/rows: /);
    expect(refusal(rows('  - { name: x }').replace('base.yaml', 'bsae'))).toMatch(/bsae: expected a recipe file or one of/);
    expect(refusal(`${rows('  - { name: x }')}\nseeds: [1, 1]`)).toMatch(/names one twice/);
    expect(refusal('name: [')).toMatch(/not valid YAML/);
    expect(refusal(rows('  - { name: x }'), ['epochs=none'])).toMatch(/rows\.0 \(x\): epochs: /);
    expect(() => loadAblation('atention')).toThrow(/did you mean attention\?/);
  });

  it('changes every row by set and --set, and leaves the recipe of one row alone when another changes it', () => {
    const text = `name: a\nbase: base.yaml\nset: { modelOptions: { widths: '16', depths: '1', stem: 16, gate: se }, epochs: 3 }\nrows:\n  - { name: x, set: { modelOptions.gate: none } }\n  - { name: y, set: { epochs: 4 } }`;
    const { rows: made } = loadAblation(file('two.yaml', text), ['batch=4']);
    expect(made.map(({ recipe }) => [recipe.name, recipe.modelOptions.gate, recipe.stages[0]!.epochs, recipe.stages[0]!.batch])).toEqual([
      ['x', 'none', 3, 4],
      ['y', 'se', 4, 4],
    ]);
  });

  it('is looked at against the data before the first training', async () => {
    const plan = (text: string) => loadAblation(file('plan.yaml', text));
    const [cost] = await planAblation(plan(rows('  - { name: x }')), data);
    // Forward 1, backward 2 on 16 training rows, forward on 14 to validate.
    expect(cost!.trainingFlops / cost!.flops).toBeGreaterThan(2.5 * 16 + 14);
    expect(cost!.trainingFlops / cost!.flops).toBeLessThan(3 * 16 + 14.01);
    await expect(planAblation(plan(`${rows('  - { name: x }')}\nsplit: nowhere`), data)).rejects.toThrow(/nowhere/);
    await expect(planAblation(plan(rows('  - { name: x, set: { init: none.safetensors } }')), data)).rejects.toThrow(
      /row x: init none.safetensors: there is no such file/,
    );
    await expect(planAblation(plan(rows('  - { name: x, set: { distill: { teachers: [none.onnx] } } }')), data)).rejects.toThrow(
      /none.onnx: expected an .onnx file/,
    );
    await expect(
      planAblation(plan(rows('  - { name: x }\n  - { name: y, set: { model: resnet18, modelOptions: { stem: small }, input: [1, 4, 4] } }')), data),
    ).rejects.toThrow(/resnet18/);
  });
});
