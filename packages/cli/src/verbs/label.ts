/** `mien label`: the expressions of every face in folders, lists, archives and videos, as Parquet files and SQL. */
import type { Command } from 'commander';
import { cancelJob, label, type LabelProgress, type Manifest, type PlainValue, type QueryResult, queryLabels } from '@mien/labelling';
import { UserError } from '@mien/runtime';
import { findModel } from '../find-model.ts';
import { queueVariable } from '../queue-variable.ts';
import { formatDuration, note, parseCount, printJson, printText, Progress } from '../output.ts';
import { onTwoSignals } from '../two-signals.ts';

interface LabelFlags {
  out?: string;
  model?: string;
  detector?: string;
  faces?: boolean;
  threshold?: string;
  fps?: string;
  chunk?: number;
  workers?: number;
  threads?: number;
  queue?: string;
  name?: string;
  json?: boolean;
}

function parseNumber(option: string, text: string | undefined, lowest: number, highest: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > lowest && value < highest)) throw new UserError('bad-option', `${option} ${text}: expected a number between ${lowest} and ${highest}`);
  return value;
}

function progressLine({ phase, done, total, errors, perSecond, workers }: LabelProgress): string {
  if (phase === 'listing') return `listing: ${done.toLocaleString('en')} pictures found`;
  const left = perSecond > 0 ? formatDuration((total - done) / perSecond) : '?';
  const parts = [
    `labelling: ${done.toLocaleString('en')} of ${total.toLocaleString('en')} images (${Math.floor((100 * done) / total)} %)`,
    `${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`,
    `${left} left`,
    `${workers} ${workers === 1 ? 'worker' : 'workers'}`,
  ];
  if (errors > 0) parts.push(`${errors.toLocaleString('en')} set aside`);
  return parts.join(', ');
}

/** One line about how a job ended. */
function summary(dir: string, { state, items, totals, failed, skipped }: Manifest): string {
  const { images = 0, faces = 0, errors = 0 } = totals ?? {};
  const counts = `${images.toLocaleString('en')} images, ${faces.toLocaleString('en')} faces`;
  const aside = errors > 0 ? `, ${errors.toLocaleString('en')} images set aside (errors.jsonl)` : '';
  const left = skipped ? `, ${skipped.toLocaleString('en')} files that are no pictures left out` : '';
  if (state === 'done') return `${dir}: done: ${counts}${aside}${left}`;
  if (state === 'incomplete') {
    return `${dir}: ${failed!.length} chunks failed (${failed![0]!.error}); the same command tries them again: ${counts} so far`;
  }
  return `${dir}: stopped: ${counts}${items === undefined ? '' : ` of ${items.toLocaleString('en')}`} so far; the same command goes on`;
}

/** First Ctrl-C: stop in good order. Second: at once, which loses nothing either. */
function stopOnSignals(): AbortController {
  const stop = new AbortController();
  onTwoSignals(() => {
    note('stopping');
    stop.abort();
  });
  return stop;
}

export function addLabelVerb(program: Command): void {
  const verb = program
    .command('label')
    .argument('<source...>', 'folders, archives (.zip, .tar, .tar.gz), videos, pictures, or lists of paths (.txt, one a line)')
    // So that `query` and `cancel` have options of their own, though some have the same names.
    .enablePositionalOptions()
    .option('--out <folder>', 'where the labels go; the same command goes on with what is there')
    .option('--model <model>', '.onnx file, run folder, or name of a released model')
    .option('--detector <file>', 'a YuNet face detector (.onnx) instead of the built-in one')
    .option('--faces', 'the pictures are face crops already: look for no faces')
    .option('--threshold <score>', 'lowest detection score that counts as a face, 0 to 1')
    .option('--fps <n>', 'frames taken from a second of video (default 1)')
    .option('--chunk <images>', 'images in a unit of work (default 256)', parseCount('--chunk', 1, 65_536))
    .option('--workers <n>', 'worker processes (default: one a core)', parseCount('--workers', 1, 1024))
    .option('--threads <n>', 'threads of each worker (default 1)', parseCount('--threads', 1, 256))
    .option('--queue <url>', `redis://… of a Redis or Valkey: \`mien worker\` processes do the work (or set ${queueVariable})`)
    .option('--name <name>', "the job's name in the queue (default: made up)")
    .option('--json', "print the job's manifest as JSON when it ends")
    .addHelpText(
      'after',
      '\nExamples:\n  mien label photos/ --out labels\n  mien label query labels "SELECT label, count(*) FROM faces GROUP BY label"\n  mien label /data/photos --out /data/labels --queue redis://:password@host:6379',
    )
    .action(async (sources: string[], flags: LabelFlags) => {
      const { out } = flags;
      if (out === undefined) throw new UserError('bad-option', '--out: expected a folder for the labels, as --out labels');
      const progress = new Progress();
      const stop = stopOnSignals();
      try {
        const manifest = await label({
          sources,
          out,
          model: findModel(flags.model),
          detector: flags.detector,
          faces: flags.faces,
          threshold: parseNumber('--threshold', flags.threshold, 0, 1),
          framesPerSecond: parseNumber('--fps', flags.fps, 0, 1000),
          chunkSize: flags.chunk,
          workers: flags.workers,
          threads: flags.threads,
          queue: flags.queue ?? process.env[queueVariable],
          name: flags.name,
          onProgress: (at) => progress.update(() => progressLine(at)),
          onNotice: (message) => {
            progress.end();
            note(message);
          },
          signal: stop.signal,
        });
        progress.end();
        if (flags.json) printJson(manifest);
        else note(summary(out, manifest));
        process.exitCode = manifest.state === 'done' ? 0 : manifest.state === 'stopped' ? 130 : 1;
      } finally {
        progress.end();
      }
    });

  verb
    .command('query')
    .argument('<folder>', 'what --out named')
    .argument('<sql>', 'a query over the tables faces, images and errors (DuckDB SQL)')
    .description('ask the labels in SQL; also while the job runs')
    .option('--json', 'print one JSON object a row')
    .option('--csv', 'print comma-separated values with a header')
    .addHelpText('after', '\nExample:\n  mien label query labels "SELECT source, happy FROM faces ORDER BY happy DESC LIMIT 10"')
    .action(async (folder: string, sql: string, flags: { json?: boolean; csv?: boolean }) => {
      const print = flags.json ? printJsonRows : flags.csv ? printCsv : printTable;
      await queryLabels(folder, sql, print);
    });

  verb
    .command('cancel')
    .argument('<folder>', 'what --out named')
    .description('stop a job that runs elsewhere; what is done stays')
    .option('--queue <url>', `empty its queue too, where the process that filled it is gone (or set ${queueVariable})`)
    .addHelpText('after', '\nExample:\n  mien label cancel labels')
    .action(async (folder: string, flags: { queue?: string }) => {
      printText(summary(folder, await cancelJob({ dir: folder, queue: flags.queue ?? process.env[queueVariable] })));
    });
}

async function printJsonRows({ rows }: QueryResult): Promise<void> {
  for await (const row of rows) printJson(row);
}

async function printCsv({ columns, rows }: QueryResult): Promise<void> {
  const quote = (value: PlainValue): string => {
    const text = value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  printText(columns.map(quote).join(','));
  for await (const row of rows) printText(columns.map((name) => quote(row[name]!)).join(','));
}

/** Rows that are looked at before column widths are fixed. */
const measuredRows = 1000;

async function printTable({ columns, rows }: QueryResult): Promise<void> {
  const show = (value: PlainValue): string => {
    if (value === null) return '';
    if (typeof value === 'number' && !Number.isInteger(value)) return value.toPrecision(4);
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  };
  let widths: number[] | undefined;
  const first: PlainValue[][] = [];
  const line = (row: readonly PlainValue[]): void =>
    printText(
      row
        .map((value, i) => (typeof value === 'number' ? show(value).padStart(widths![i]!) : show(value).padEnd(widths![i]!)))
        .join('  ')
        .trimEnd(),
    );
  const begin = (): void => {
    widths = columns.map((name, i) => Math.max(name.length, ...first.map((row) => show(row[i]!).length)));
    line(columns);
    line(widths.map((width) => '─'.repeat(width)));
    for (const row of first) line(row);
  };
  for await (const row of rows) {
    const values = columns.map((name) => row[name]!);
    if (widths) line(values);
    else if (first.push(values) === measuredRows) begin();
  }
  if (!widths) begin();
}
