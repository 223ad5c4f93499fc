/**
 * The released models and those of other npm packages on the same face crops: `mien bench accuracy`, kept with its machine.
 *
 *   node benchmarks/accuracy.mjs data/fer2013 --split public [--rows 500] [--save]
 *
 * Needs FER2013 (it is not ours to hand out) and a quiet machine: times are medians of one face at a time on one thread.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { split: { type: 'string', default: 'public' }, rows: { type: 'string' }, save: { type: 'boolean', default: false } },
});
const [dir] = positionals;
if (dir === undefined) throw new Error('expected a store made by `mien data import`, as data/fer2013');

const here = import.meta.dirname;
const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version, load: loadavg().map((v) => Number(v.toFixed(2))) };
const args = ['bench', 'accuracy', '--data', dir, '--split', flags.split, ...(flags.rows ? ['--rows', flags.rows] : []), '--json'];
const bin = join(here, '../packages/cli/bin/mien.js');
const rows = JSON.parse(execFileSync(process.execPath, [bin, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));

const percent = (value) => `${(100 * value).toFixed(2)} %`;
const date = new Date().toISOString().slice(0, 10);
const text = `# Accuracy against the npm peers

\`node benchmarks/accuracy.mjs data/fer2013 --split ${flags.split}${flags.rows ? ` --rows ${flags.rows}` : ''} --save\`, ${date}, ${machine.cores} cores of ${machine.cpu}, Node ${machine.node}, load ${machine.load.join(', ')}.
The same crops of ${rows[0].n} rows for everyone; time: median of one face at a time on one thread, from the pixels of the crop to
probabilities, the peers on TensorFlow.js (WebAssembly).

| model | accuracy | macro-F1 | ms a face | kB | mind |
|---|---:|---:|---:|---:|---|
${rows.map((row) => `| ${row.name} | ${percent(row.accuracy)} | ${row.macroF1.toFixed(3)} | ${row.msPerFace.toFixed(2)} | ${Math.round(row.bytes / 1000)} | ${row.note ?? ''} |`).join('\n')}
`;
console.log(text);
if (flags.save) {
  writeFileSync(join(here, 'accuracy.md'), text);
  writeFileSync(join(here, 'accuracy.json'), `${JSON.stringify({ date, machine, split: flags.split, rows }, null, 2)}\n`);
}
