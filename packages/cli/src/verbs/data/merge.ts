/** `mien data merge`: several stores in one. */
import { type Command, Option } from 'commander';
import { mergeStores } from '@mien/data';
import { note, parseCount, printJson, Progress } from '../../output.ts';
import { parseRatios, readMergeMap, type StrategyFlags, strategyOf } from './collect.ts';

interface MergeFlags extends StrategyFlags {
  out: string;
  map?: string;
  strategy: 'shares' | 'into-train';
  name?: string;
  size?: number;
  channels?: string;
  withLocked?: boolean;
  force?: boolean;
  json?: boolean;
}

export function addMergeVerb(data: Command): void {
  data
    .command('merge')
    .argument('<stores...>', 'stores made by `mien data import`; the first gives labels and size')
    .description('merge stores into one label space, with splits of its own')
    .requiredOption('--out <dir>', 'folder of the new store')
    .option('--map <yaml>', 'common labels, and what becomes of the others')
    .addOption(
      new Option('--strategy <name>', 'shares: divide all rows anew; into-train: keep the first store as it is, add the others to its train')
        .choices(['shares', 'into-train'])
        .default('shares'),
    )
    .option('--ratios <train:val:test>', 'of the strategy shares (default: 80:10:10)', parseRatios)
    .option('--seed <n>', 'of the division (default: 1)', parseCount('--seed', 0, 2 ** 31))
    .option('--with-locked', 'divide rows of locked test splits too; by default they stay apart, locked')
    .option('--name <name>', 'name of the new data set')
    .option('--size <pixels>', 'resize all images to a square of this size', parseCount('--size', 8, 1024))
    .addOption(new Option('--channels <n>', 'store 1 (grey) or 3 (colour) channels').choices(['1', '3']))
    .option('--force', 'replace a store that stands there')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      '\nA map, with labels (default: those of the first store) and an entry for a data set or * for all:\n  map:\n    affectnet: { contempt: drop }\n\nExample:\n  mien data merge data/fer2013 data/affectnet data/ckplus --map map.yaml --out data/merged',
    )
    .action(async (stores: string[], { json, map, channels, strategy, ...flags }: MergeFlags) => {
      const progress = new Progress();
      const report = await mergeStores(stores, {
        ...(map === undefined ? {} : readMergeMap(map)),
        ...flags,
        channels: channels === undefined ? undefined : (Number(channels) as 1 | 3),
        strategy: strategy === 'into-train' ? { kind: strategy } : strategyOf(flags),
        onProgress: (done, total) => progress.count('merging rows', done, total),
      });
      progress.end();
      const { manifest, dropped, converted } = report;
      if (json) {
        printJson({ out: flags.out, images: manifest.count, labels: manifest.labels, splits: manifest.splits, dropped, converted });
        return;
      }
      note(`${manifest.count} images in ${flags.out}; ${dropped} dropped, ${converted} brought to another size or other colours`);
      for (const split of manifest.splits) note(`  ${split.name.padEnd(8)} ${String(split.count).padStart(7)}${split.locked ? '   (locked)' : ''}`);
    });
}
