/** `mien data`: import labelled faces into a store. */
import { type Command, Option } from 'commander';
import { importData, type LabelMap } from '@mien/data';
import { UserError } from '@mien/runtime';
import { note, parseCount, printJson, Progress } from '../output.ts';

function collectMap(assignment: string, before: LabelMap = {}): LabelMap {
  const [from, to, ...rest] = assignment.split('=');
  if (!from || !to || rest.length) throw new UserError('bad-map', `--map ${assignment}: expected NAME=EXPRESSION or NAME=drop, as contempt=drop`);
  return { ...before, [from]: to } as LabelMap;
}

interface ImportFlags {
  out: string;
  votes?: string;
  map?: LabelMap;
  name?: string;
  size?: number;
  channels?: string;
  force?: boolean;
  json?: boolean;
}

export function addDataVerbs(program: Command): void {
  const data = program.command('data').description('bring face data in');
  data
    .command('import')
    .argument('<source>', 'fer2013.csv, icml_face_data.csv, or a folder of class folders (with or without train/val/test above them)')
    .description('import labelled faces into one compact store')
    .requiredOption('--out <dir>', 'folder of the new store')
    .option('--votes <csv>', 'FER+ votes (fer2013new.csv) of the same rows')
    .option('--map <name=label>', 'what an unknown class name means, or drop; repeatable', collectMap)
    .option('--name <name>', 'name of the data set (default: the file or folder)')
    .option('--size <pixels>', 'resize all images to a square of this size', parseCount('--size', 8, 1024))
    .addOption(new Option('--channels <n>', 'store 1 (grey) or 3 (colour) channels').choices(['1', '3']))
    .option('--force', 'replace a store that stands there')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', '\nExample:\n  mien data import fer2013.csv --votes fer2013new.csv --out data/fer2013')
    .action(async (source: string, flags: ImportFlags) => {
      const progress = new Progress();
      const { json, out, votes, map, name, size, channels, force } = flags;
      const report = await importData(source, {
        out,
        ...(votes ? { votes } : {}),
        ...(map ? { map } : {}),
        ...(name ? { name } : {}),
        ...(size ? { size } : {}),
        ...(channels ? { channels: Number(channels) as 1 | 3 } : {}),
        ...(force ? { force } : {}),
        onProgress: ({ rows, fraction }) => progress.part('importing rows', rows, fraction),
      });
      progress.end();
      const { manifest, dropped, converted, ignored } = report;
      if (json) {
        printJson({
          out,
          name: manifest.name,
          images: manifest.count,
          image: manifest.image,
          labels: manifest.labels,
          splits: manifest.splits,
          dropped,
          converted,
          ignored,
          votes: manifest.columns.votes !== undefined,
        });
        return;
      }
      note(`${manifest.count} images of ${manifest.image.channels}×${manifest.image.height}×${manifest.image.width} in ${out}`);
      for (const split of manifest.splits) {
        note(`  ${split.name.padEnd(8)} ${String(split.count).padStart(7)}   ${manifest.labels.map((label, i) => `${label} ${split.perLabel[i]}`).join(', ')}`);
      }
      for (const line of ignored.slice(0, 10)) note(`  ignored: ${line}`);
    });
}
