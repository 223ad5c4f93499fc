/** Whole ablations, seconds long, on a tiny network. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '@mien/runtime';
import {
  type AblationOutcome,
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
import { tinyModel, writeTinyModel } from '../../test/tiny-model.ts';
import { temporaryDir, writeTinyStore } from '../../test/tiny-store.ts';
import { trainingKey } from './keep-ablation.ts';

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
    // What takes its time after the last step is told too.
    expect(progress.map(({ event }) => event.type)).toEqual(expect.arrayContaining(['validating', 'measuring']));
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
  });

  it('mended, trains what changed alone: notes, names, more rows and seeds keep what is finished', async () => {
    const out = join(dir, 'mended');
    const trained = async (text: string): Promise<string[]> => (await run(loadAblation(file('mended.yaml', text)), out)).told.map((o) => `${o.row} ${o.seed}`);
    const one = twoRows.replace('seeds: [1, 2]', 'seeds: [1]');
    expect(await trained(one)).toEqual(['plain 1', 'With a gate! 1']);
    const begun = readFileSync(join(out, 'ablation.json'), 'utf8');

    const renamed = one.replace('With a gate!', 'gated').replace('from scratch', 'another note').replace('Does the gate pay?', 'Well?');
    expect(await trained(renamed)).toEqual([]);
    const more = renamed.replace('rows:\n', 'rows:\n  - { name: new, set: { modelOptions.gate: se } }\n');
    expect(await trained(more)).toEqual(['new 1']);
    expect(await trained(more.replace('[1]', '[1, 2]'))).toEqual(['new 2', 'plain 2', 'gated 2']);

    const changed = more.replace('gate: cbam', 'gate: cbam, batch: 4');
    expect(await trained(changed)).toEqual(['gated 1']);
    expect(await trained(more)).toEqual([]);
    const { outcome } = await run(loadAblation(file('mended.yaml', more)), out);
    expect(outcome.outcomes.map(({ row }) => row)).toEqual(['new', 'plain', 'gated']);
    const folders = readdirSync(join(out, 'runs'));
    expect(new Set(folders).size).toBe(7);

    // What a recipe names counts by what it holds.
    const init = join(dir, 'mended-init.onnx');
    const begins = (seed: number): string => {
      writeTinyModel(init, { seed });
      return one.replace('gate: cbam', `gate: cbam, init: ${init}`);
    };
    expect([await trained(begins(5)), await trained(begins(5)), await trained(begins(6))]).toEqual([['With a gate! 1'], [], ['With a gate! 1']]);

    // A folder of before did not look into the files.
    const kept = JSON.parse(readFileSync(join(out, 'ablation.json'), 'utf8')) as { runs: Record<string, string> };
    const recipe = loadAblation(file('mended.yaml', begins(6))).rows[1]!.recipe;
    for (const [folder, key] of Object.entries(kept.runs)) if (key === trainingKey(recipe)) kept.runs[folder] = trainingKey(recipe, []);
    writeFileSync(join(out, 'ablation.json'), JSON.stringify(kept));
    expect([await trained(begins(6)), await trained(begins(6))]).toEqual([[], []]);

    // A folder of before tells its plan alone.
    const { runs: _, data: __, ...plan } = JSON.parse(begun);
    writeFileSync(join(out, 'ablation.json'), JSON.stringify(plan));
    expect(await trained(renamed)).toEqual([]);

    await expect(trained(`${renamed}\nsplit: other`)).rejects.toThrow(
      /measured on another split \(split: the rows each recipe chooses its epoch on, now other\)/,
    );
    const elsewhere = writeTinyStore(join(temporaryDir(), 'store'), { train: 16, val: 7, other: 21 });
    await expect(run(loadAblation(file('mended.yaml', renamed)), out, { data: elsewhere })).rejects.toMatchObject({
      code: 'other-data',
      message: expect.stringMatching(/tiny of 51 images, now tiny of 44 images/),
    });
  });

  it('goes on with an unfinished training under its row’s new name', async () => {
    const out = join(dir, 'renamed');
    const text = rows('  - { name: before, set: { epochs: 2 } }');
    const abort = new AbortController();
    await run(loadAblation(file('renamed.yaml', text)), out, {
      signal: abort.signal,
      onProgress: ({ event }) => event.type === 'step' && abort.abort(),
    });
    const { outcome } = await run(loadAblation(file('renamed.yaml', text.replace('before', 'after'))), out);
    expect(outcome).toMatchObject({ finished: true, outcomes: [{ row: 'after' }] });
    expect(readdirSync(join(out, 'runs'))).toEqual(['01-before-seed-1']);
  });

  it('ended by an error in one row, tells what is finished before', async () => {
    const out = join(dir, 'broken');
    const teacher = writeTinyModel(join(dir, 'teacher.onnx'), { labels: ['a', 'b'] });
    const text = rows(`  - { name: fine }\n  - { name: broken, set: { distill: { teachers: ['${teacher}'] } } }\n  - { name: last, set: { batch: 4 } }`);
    const plan = loadAblation(file('broken.yaml', text));
    const told: AblationOutcome[] = [];
    await expect(run(plan, out, { onFailure: async (soFar) => void told.push(soFar) })).rejects.toThrow(/distill\.teachers/);
    expect(told).toMatchObject([{ finished: false, dataset: 'tiny', outcomes: [{ row: 'fine', n: 14 }] }]);
    expect(formatMarkdown(summariseAblation(plan, told[0]!))).toMatch(/fine +\| \d/);
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
  - { name: alone, against: none, set: { batch: 4 } }
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
    expect(readFileSync(markdown, 'utf8')).toMatch(/far too high +\| – .*failed with seed 1/);
    expect(readFileSync(markdown, 'utf8')).toMatch(/last +\| – .*to come/);
    expect(statSync(png).size).toBeGreaterThan(5000);
    const { outcome } = await run(plan, out);
    expect(outcome).toMatchObject({
      finished: true,
      outcomes: [{ row: 'usual' }, { failure: expect.any(String) }, { row: 'usual by another name' }, { row: 'last', n: 21 }, { row: 'alone', n: 21 }],
    });
    const finished = summariseAblation(plan, outcome);
    expect(finished.rows[2]!.figures!.difference).toEqual({ against: 'usual', value: 0, interval95: [0, 0] });
    expect(formatMarkdown(finished)).toMatch(/\| last +\| .* to usual by another name/);
    expect(formatMarkdown(finished)).toMatch(/\| alone +\| [^|]*\| [^|]*\| – +\|/);
    expect(formatMarkdown(finished)).toContain('differences are to usual or the row they name');
    const none = summariseAblation({ ...plan, rows: plan.rows.map((row) => ({ ...row, against: undefined })) }, outcome);
    expect(formatMarkdown(none)).not.toContain('difference');
  });

  it('puts its table where a document marks its place', async () => {
    const document = join(temporaryDir(), 'results.md');
    const summary = {
      name: 'a',
      description: 'What for.',
      dataset: 'd',
      measuredOn: 'split s',
      n: 3,
      seeds: [1],
      finished: true,
      trainedWith: ['1 thread of a toaster'],
      rows: [],
    };
    const row = {
      name: 'r',
      note: '',
      seeds: [],
      failed: [],
      architecture: 'x',
      input: [1, 2, 2],
      parameters: 1200,
      flops: 1e6,
      trainingRows: 1,
      trainingFlops: 1,
      slowness: 1,
    };
    writeFileSync(document, '# Results\n\n<!-- ablation a -->\nold\n<!-- /ablation a -->\n\nend\n');
    updateDocument(document, { ...summary, rows: [row] });
    const text = readFileSync(document, 'utf8');
    expect(text).toMatch(/^# Results\n\n<!-- ablation a -->\n\nWhat for\.\n\n\| row/);
    expect(text).toMatch(
      /\| r +\| .*\n\nAccuracy in per cent on d, split s, n 3; seed 1.* Training: time of one, with 1 thread of a toaster\.\n\n<!-- \/ablation a -->\n\nend\n$/,
    );
    updateDocument(document, { ...summary, rows: [row] });
    expect(readFileSync(document, 'utf8')).toBe(text);
    expect(() => updateDocument(document, { ...summary, name: 'b', rows: [row] })).toThrow(/expected the marks <!-- ablation b -->/);
  });
});

const rows = (text: string): string => `name: a\nbase: base.yaml\nrows:\n${text}`;

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

  it('names the row and the field of a mistake', () => {
    expect(refusal(rows('  - { name: x, set: { modle: y } }'))).toBe('bad.yaml: rows.0 (x): recipe: there is no field modle; did you mean model?');
    expect(refusal(rows('  - { name: x }\n  - { name: x }'))).toBe('bad.yaml: rows.1 (x): there is a row of this name already');
    expect(refusal(rows('  - { name: x, against: z }'))).toBe('bad.yaml: rows.0 (x): against: expected the name of another row or none, got z');
    expect(refusal('name: a\nrows:\n  - { name: x }')).toMatch(/rows\.0 \(x\): names no recipe, and the file has no base/);
    expect(refusal(rows('  - { name: x, sett: {} }'))).toMatch(/rows\.0: .*did you mean set\?/);
    expect(refusal('name: a\nbase: base.yaml\nrows: []')).toMatch(/rows: /);
    expect(refusal(rows('  - { name: x }').replace('base.yaml', 'bsae'))).toMatch(/bsae: expected a recipe file or one of/);
    expect(refusal(`${rows('  - { name: x }')}\nseeds: [1, 1]`)).toMatch(/names one twice/);
    expect(refusal('name: [')).toMatch(/not valid YAML/);
    expect(refusal('name: a\nbase: 5\nrows: [{ name: x }]')).toBe('bad.yaml: base: expected string, received number; or expected record, received number');
    expect(refusal(rows('  - { name: x }'), ['epochs=none'])).toMatch(/rows\.0 \(x\): epochs: /);
    expect(() => loadAblation('atention')).toThrow(/did you mean attention\?/);
    expect(refusal(`${rows('  - { name: x }')}\nseeds: [1, 2]`, ['seed=7'])).toBe(
      '--set seed=7: every row is trained with the seeds of the file (1, 2); change its seeds, or say --seeds',
    );
    expect(refusal(rows('  - { name: x, set: { seed: 7 } }'))).toBe(
      'bad.yaml: rows.0 (x): set seed: every row is trained with the seeds of the file (1); change its seeds, or say --seeds',
    );
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

  it('is refused before the first training for what would end it hours later', async () => {
    const refused = (text: string) => expect(planAblation(loadAblation(file('plan.yaml', text)), data)).rejects;
    const second = (set: string) => rows(`  - { name: x }\n  - { name: y, set: { ${set} } }`);
    await refused(second('batch: 17')).toThrow(/^row y: recipe y: batch 17 is larger than the 16 training rows/);
    await refused(second('heads.votes: 1')).toThrow(/^row y: heads\.votes needs data with votes/);
    await refused(second('trainable: [cbam]')).toThrow(/^row y: recipe y: no weight is named cbam/);
    const weights = join(dir, 'other.onnx');
    writeFileSync(weights, tinyModel({ recipe: { modelOptions: { widths: '32', depths: '1', stem: 16, zeroInit: false } } }));
    await refused(second(`init: '${weights}'`)).toThrow(/^row y: init .*other\.onnx: .* does not fit/);
    await refused(second('data.validation.fraction: 0.25')).toThrow(
      /^row y would be measured on 25 % of split train, held out \(\d+ images\), x on split val \(14 images\): .*name them with split/,
    );
    const named = `${second('data.validation.fraction: 0.25, batch: 4')}\nsplit: other`;
    expect(await planAblation(loadAblation(file('plan.yaml', named)), data)).toHaveLength(2);
  });
});
