/**
 * That every full recipe, and every row of system B's ablation at its full size, fits this machine and runs: what `mien train --dry-run`
 * says it would cost, and a real training of it with one epoch a stage on a few rows of FER2013.
 *
 *   node benchmarks/full-recipes.mjs data/fer2013 [--only vgg16-cbam,vgg19] [--rows 128] [--save]
 *
 * Wants a quiet machine: the estimates are measured. With --save, rows not measured now keep what they had.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadAblation, loadRecipe, recipeNames } from '@mien/training';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, rows: { type: 'string', default: '128' }, save: { type: 'boolean', default: false } },
});
const [dir] = positionals;
if (dir === undefined) throw new Error('expected a store made by `mien data import`, as data/fer2013');

const here = import.meta.dirname;
const mien = join(here, '../packages/cli/bin/mien.js');
const file = join(here, 'full-recipes.json');
const trainingRows = 28_709;
const wanted = Number(flags.rows);
if (!(wanted >= 64 && wanted <= trainingRows)) throw new Error(`--rows ${flags.rows}: expected a number from 64 to ${trainingRows}`);
/** Recipes by the name they have here; rows of an ablation that are one training are here once. */
const recipes = new Map(
  recipeNames()
    .filter((name) => !name.endsWith('-budget'))
    .map((name) => [name, loadRecipe(name)]),
);
const known = new Set();
for (const { name, recipe } of loadAblation('system-b').rows) {
  const same = JSON.stringify({ ...recipe, name: '', description: '' });
  if (!known.has(same)) recipes.set(`system-b: ${name}`, recipe);
  known.add(same);
}
const full = [...recipes.keys()];
const names = flags.only?.split(',') ?? full;
for (const name of names) if (!full.includes(name)) throw new Error(`--only: expected full recipes (${full.join(', ')}), got ${name}`);

const machine = { cpu: cpus()[0].model, cores: cpus().length, memoryBytes: totalmem(), node: process.version };
const date = new Date().toISOString().slice(0, 10);

/** Most memory a process ever held, in bytes; undefined where the system does not tell. */
function highWater(pid) {
  try {
    const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return found ? Number(found[1]) * 1024 : undefined;
  } catch {
    return undefined;
  }
}

/** Runs `mien` with these arguments: its output, seconds, and the most memory it held. */
function runMien(args) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, [mien, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [text, complaints, peakBytes] = ['', '', 0];
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, highWater(child.pid) ?? 0);
    }, 200);
    child.stdout.on('data', (chunk) => (text += chunk));
    child.stderr.on('data', (chunk) => (complaints += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(watch);
      if (code === 0) resolve({ text, peakBytes, seconds: (performance.now() - began) / 1000 });
      else reject(new Error(`mien ${args.join(' ')}: ended with ${code}: ${complaints.trim().split('\n').at(-1)}`));
    });
  });
}

/** What makes of the recipe one epoch a stage, and about `--rows` rows to learn from and to choose by. */
function shortened(recipe) {
  const share = wanted / trainingRows;
  // Of few labelled rows, half are to choose by: a part of a part would be a row a class.
  const { labelled } = recipe.data;
  const changes = labelled
    ? { 'data.validation': '{ fraction: 0.5 }', 'data.fraction': (2 * share) / labelled }
    : { 'data.validation': `{ fraction: ${share} }`, 'data.fraction': share };
  for (const [i, stage] of recipe.stages.entries()) {
    changes[`stages.${i}.epochs`] = 1;
    // After one epoch on a few rows a network is sure of little: every pseudo-label is taken.
    if (stage.pseudo) changes[`stages.${i}.pseudo.threshold`] = 0.1;
    if (stage.steps !== undefined) changes[`stages.${i}.steps`] = Math.max(1, Math.round(wanted / stage.batch));
  }
  return changes;
}

async function measure(name) {
  const recipe = recipes.get(name);
  const temporary = mkdtempSync(join(tmpdir(), 'mien-full-recipes-'));
  try {
    // JSON is YAML, with every stage spelled out.
    const written = join(temporary, 'recipe.yaml');
    writeFileSync(written, JSON.stringify(recipe));
    const { estimate } = JSON.parse((await runMien(['train', written, '--data', dir, '--dry-run', '--json'])).text);
    const sets = Object.entries(shortened(recipe)).map(([key, value]) => `${key}=${value}`);
    const run = await runMien(['train', written, '--data', dir, '--out', join(temporary, 'run'), '--json', ...sets.flatMap((set) => ['--set', set])]);
    const events = run.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const start = events.find(({ type }) => type === 'start');
    const epochs = events.filter(({ type }) => type === 'epoch');
    if (epochs.length !== recipe.stages.length) throw new Error(`${name}: expected an epoch for each of ${recipe.stages.length} stages, got ${epochs.length}`);
    for (const { train } of epochs) if (!Number.isFinite(train.loss)) throw new Error(`${name}: the loss is ${train.loss}`);
    return {
      name,
      input: estimate.input,
      parameters: estimate.parameters,
      flops: estimate.flops,
      batch: recipe.stages[0].batch,
      stages: recipe.stages.length,
      epochs: recipe.stages.reduce((sum, stage) => sum + stage.epochs, 0),
      plannedSeconds: estimate.seconds,
      plannedBytes: estimate.peakBytes,
      // Which estimate it is by: the second also validates and puts a checkpoint together, and allows for 15 % more.
      estimate: 2,
      rows: start.rows,
      seconds: run.seconds,
      peakBytes: run.peakBytes,
      loss: epochs.at(-1).train.loss,
      load: Number(loadavg()[0].toFixed(2)),
      date,
      machine,
    };
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

const duration = (seconds) =>
  seconds < 90
    ? `${Math.round(seconds)} s`
    : seconds < 5400
      ? `${Math.round(seconds / 60)} min`
      : seconds < 172_800
        ? `${(seconds / 3600).toFixed(1)} h`
        : `${(seconds / 86_400).toFixed(1)} days`;
const gigabytes = (bytes) => (bytes / 1e9).toFixed(2);

const rows = new Map(
  (flags.save && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).rows : []).filter(({ name }) => full.includes(name)).map((row) => [row.name, row]),
);
/** Days and machines of the rows; one of each as a rule. */
function said(ordered) {
  const days = [...new Set(ordered.map((row) => row.date))].sort();
  const machines = [...new Set(ordered.map(({ machine: m }) => `${m.cores} cores of ${m.cpu}, ${gigabytes(m.memoryBytes)} GB, Node ${m.node}`))];
  return `${days.join(' to ')}, ${machines.join('; and ')}`;
}

function page() {
  const ordered = full.flatMap((name) => rows.get(name) ?? []);
  const missing = full.filter((name) => !rows.has(name));
  return `# The full recipes on this machine

\`node benchmarks/full-recipes.mjs data/fer2013 --save\`, ${said(ordered)}.
\`--dry-run\` measures a few steps of every stage and says what the recipe would take as it stands, on all of FER2013; then it was trained in
earnest, one epoch a stage, on the rows of the last columns. Most memory: of the whole process, by the kernel's count. The dry run counts the
features that a frozen base gives of all rows, of which the training here kept few. Rows of system B's ablation (\`mien ablate system-b\`) train from scratch.

| recipe | input | million weights | GFLOP | epochs (stages) | dry run: time | dry run: GB | run on rows | took | most memory, GB | last loss |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|
${ordered.map((r) => `| ${r.name} | ${r.input.join('×')}, batch ${r.batch} | ${(r.parameters / 1e6).toFixed(1)} | ${(r.flops / 1e9).toFixed(2)} | ${r.epochs} (${r.stages}) | ${duration(r.plannedSeconds)} | ${gigabytes(r.plannedBytes)}${r.estimate === 2 ? '' : '¹'} | ${r.rows} | ${duration(r.seconds)} | ${gigabytes(r.peakBytes)} | ${r.loss.toFixed(3)} |`).join('\n')}
${ordered.some((r) => r.estimate !== 2) ? '\n¹ By the estimate of before, of a few steps alone and what was counted beside them.\n' : ''}${missing.length > 0 ? `\nNot measured: ${missing.join(', ')}.\n` : ''}`;
}

for (const name of names) {
  const row = await measure(name);
  rows.set(name, row);
  console.error(
    `${name}: would take ${duration(row.plannedSeconds)} and ${gigabytes(row.plannedBytes)} GB; one epoch a stage on ${row.rows} rows ran in ${duration(row.seconds)}, ${gigabytes(row.peakBytes)} GB, loss ${row.loss.toFixed(3)}`,
  );
  if (flags.save) {
    writeFileSync(file, `${JSON.stringify({ rows: full.flatMap((each) => rows.get(each) ?? []) }, null, 2)}\n`);
    writeFileSync(join(here, 'full-recipes.md'), page());
  }
}
console.log(page());
