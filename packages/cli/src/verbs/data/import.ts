/** `mien data import`: faces into a store. */
import { type Command, Option } from 'commander';
import { importData, type ImportReport, type LabelMap, lockedByDefault, numberedForms } from '@mien/data';
import { UserError } from '@mien/runtime';
import { note, parseCount, printJson, Progress } from '../../output.ts';
import { collectMap, parseNames } from './collect.ts';

interface ImportFlags {
  out: string;
  votes?: string;
  images?: string;
  form?: string;
  labels?: string[];
  map?: LabelMap;
  name?: string;
  size?: number;
  channels?: string;
  subjects?: RegExp;
  lock?: string[];
  unlock?: string[];
  skipBroken?: boolean;
  unlabelled?: boolean;
  force?: boolean;
  json?: boolean;
}

function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new UserError('bad-option', `--subjects ${text}: expected a regular expression with a group for the person, as '^(S\\d+)_'`, { cause });
  }
}

const help = `
A class folder called unlabelled holds images without a label, at the top of the tree or inside a split.

Examples:
  mien data import fer2013.csv --votes fer2013new.csv --out data/fer2013
  mien data import photos --unlabelled --size 48 --channels 1 --out data/photos`;

export function addImportVerb(data: Command): void {
  data
    .command('import')
    .argument(
      '<source>',
      'fer2013.csv, icml_face_data.csv, an AffectNet csv, a .parquet file, or a folder: RAF-DB, CK+, AffectNet, Parquet files, class folders',
    )
    .description('import faces, with or without labels, into one compact store')
    .requiredOption('--out <dir>', 'folder of the new store')
    .option('--votes <csv>', 'FER+ votes (fer2013new.csv) of the same rows')
    .option('--images <dir>', 'folder of the photographs that an AffectNet csv names')
    .addOption(new Option('--form <name>', 'whose numbers the class folders are').choices(Object.keys(numberedForms)))
    .option('--labels <names>', 'labels of the store, with commas between (default: the seven expressions)', parseNames)
    .option('--map <name=label>', 'what a class of another name means, or drop; repeatable', collectMap)
    .option('--name <name>', 'name of the data set (default: the file or folder, or the name of the store that Parquet was written from)')
    .option('--size <pixels>', 'resize all images to a square of this size', parseCount('--size', 8, 1024))
    .addOption(new Option('--channels <n>', 'store 1 (grey) or 3 (colour) channels').choices(['1', '3']))
    .option('--subjects <pattern>', "regular expression that finds the person in a file name, as '^(S\\d+)_'", parsePattern)
    .option('--lock <splits>', 'splits that training must refuse, beside private and test', parseNames)
    .option('--unlock <splits>', 'splits that training may use although they are called private or test', parseNames)
    .option('--unlabelled', 'the images of the folder have no labels yet: all become rows of the split unlabelled')
    .option('--skip-broken', 'leave out images that cannot be read')
    .option('--force', 'replace a store that stands there')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', help)
    .action(async (source: string, { json, channels, lock, unlock, ...flags }: ImportFlags) => {
      const progress = new Progress();
      const report = await importData(source, {
        ...flags,
        channels: channels === undefined ? undefined : (Number(channels) as 1 | 3),
        locked: (split, wasLocked = false) => !unlock?.includes(split) && (wasLocked || lock?.includes(split) || lockedByDefault(split)),
        onProgress: ({ rows, fraction }) => progress.part('importing rows', rows, fraction),
      });
      progress.end();
      const { splits } = report.manifest;
      for (const [option, names] of [
        ['--lock', lock],
        ['--unlock', unlock],
      ] as const) {
        const unknown = names?.filter((name) => !splits.some((split) => split.name === name)) ?? [];
        if (unknown.length > 0)
          note(`${option} ${unknown.join(',')}: the data has no such split (it has ${splits.map(({ name }) => name).join(', ')}); nothing was changed by it`);
      }
      if (json) printJson(reportOf(report));
      else describe(report);
    });
}

function reportOf({ out, manifest, dropped, converted, ignored }: ImportReport): Record<string, unknown> {
  const { name, count, image, labels, splits, columns } = manifest;
  return {
    out,
    name,
    images: count,
    image,
    labels,
    splits,
    dropped,
    converted,
    ignored,
    votes: columns.votes !== undefined,
    subjects: columns.subject?.names.length ?? 0,
  };
}

function describe({ out, manifest, dropped, converted, ignored }: ImportReport): void {
  const { count, image, labels, splits, columns } = manifest;
  note(`${count} images of ${image.channels}×${image.height}×${image.width} in ${out}`);
  for (const split of splits) {
    const labelled = split.perLabel.reduce((sum, rows) => sum + rows, 0);
    const named = labels.map((label, i) => `${label} ${split.perLabel[i]}`);
    const counts = [...(labelled > 0 ? named : []), ...(labelled < split.count ? [`unlabelled ${split.count - labelled}`] : [])].join(', ');
    note(`  ${split.name.padEnd(8)} ${String(split.count).padStart(7)}   ${counts}${split.locked ? '   (locked)' : ''}`);
  }
  if (columns.subject) note(`  ${columns.subject.names.length} people`);
  if (dropped > 0) note(`  ${dropped} dropped by the map`);
  if (converted > 0) note(`  ${converted} brought to another size or other colours`);
  for (const line of ignored.slice(0, 10)) note(`  ignored: ${line}`);
  if (ignored.length > 10) note(`  ignored: ${ignored.length - 10} more (--json names them)`);
}
