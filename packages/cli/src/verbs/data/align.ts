/** `mien data align`: a store whose faces have level eyes. */
import type { Command } from 'commander';
import { alignStore } from '@mien/data';
import { note, printJson, Progress } from '../../output.ts';

interface AlignFlags {
  out: string;
  force?: boolean;
  json?: boolean;
}

export function addAlignVerb(data: Command): void {
  data
    .command('align')
    .argument('<store>', 'store whose landmarks `mien data landmarks` has found')
    .description('write a store whose faces are turned so that their eyes lie level; models trained on it say so in their cards')
    .requiredOption('--out <dir>', 'folder of the new store')
    .option('--force', 'replace a store that stands there')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', '\nExample:\n  mien data landmarks data/fer2013\n  mien data align data/fer2013 --out data/fer2013-level')
    .action(async (dir: string, { out, force, json }: AlignFlags) => {
      const progress = new Progress();
      const { manifest, turned, left, medianDeg } = await alignStore(dir, {
        out,
        force,
        onProgress: (done, total) => progress.count('turning faces', done, total),
      });
      progress.end();
      if (json) printJson({ out, images: manifest.count, turned, left, medianDeg, splits: manifest.splits });
      else note(`${turned} faces turned in ${out}, by ${medianDeg.toFixed(1)}° in the median; ${left} left as they were: their eyes could not be told`);
    });
}
