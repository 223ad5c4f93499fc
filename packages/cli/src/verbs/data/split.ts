/** `mien data split`: divide the rows of a store anew. */
import type { Command } from 'commander';
import { mergeStores } from '@mien/data';
import { note, parseCount, printJson, Progress } from '../../output.ts';
import { parseRatios, type StrategyFlags, strategyOf } from './collect.ts';

interface SplitFlags extends StrategyFlags {
  out: string;
  withLocked?: boolean;
  force?: boolean;
  json?: boolean;
}

export function addSplitVerb(data: Command): void {
  data
    .command('split')
    .argument('<store>', 'store made by `mien data import`')
    .description('divide the rows of all unlocked splits anew: every class in the same shares, all faces of a person in one split')
    .requiredOption('--out <dir>', 'folder of the new store')
    .option('--ratios <train:val:test>', 'shares of the splits (default: 80:10:10)', parseRatios)
    .option('--folds <k>', 'instead, k equal parts of which one is val and the others train', parseCount('--folds', 2, 255))
    .option('--fold <i>', 'which of the k parts is val, from 1', parseCount('--fold', 1, 255))
    .option('--seed <n>', 'of the division (default: 1)', parseCount('--seed', 0, 2 ** 31))
    .option('--with-locked', 'divide rows of locked test splits too')
    .option('--force', 'replace a store that stands there')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', '\nExample:\n  mien data split data/ckplus --out data/ckplus-fold1 --folds 10 --fold 1')
    .action(async (store: string, { json, ratios, folds, fold, seed, ...flags }: SplitFlags) => {
      const progress = new Progress();
      const strategy = strategyOf({ ...(ratios && { ratios }), ...(folds && { folds }), ...(fold && { fold }), ...(seed !== undefined && { seed }) });
      const { manifest } = await mergeStores([store], { ...flags, strategy, onProgress: (done, total) => progress.count('dividing rows', done, total) });
      progress.end();
      if (json) printJson({ out: flags.out, images: manifest.count, splits: manifest.splits });
      else for (const split of manifest.splits) note(`  ${split.name.padEnd(8)} ${String(split.count).padStart(7)}${split.locked ? '   (locked)' : ''}`);
    });
}
