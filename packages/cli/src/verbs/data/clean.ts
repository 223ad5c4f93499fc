/** `mien data clean`: apply an edited csv to a store, or take the last one back. */
import type { Command } from 'commander';
import { cleanStore, undoCleaning } from '@mien/data';
import { UserError } from '@mien/runtime';
import { note, printJson, Progress } from '../../output.ts';

interface CleanFlags {
  csv?: string;
  undo?: boolean;
  out?: string;
  locked?: boolean;
  force?: boolean;
  json?: boolean;
}

export function addCleanVerb(data: Command): void {
  data
    .command('clean')
    .argument('<store>', 'store made by `mien data import`')
    .description('drop, relabel and move the rows that a csv names; every cleaning is recorded and can be undone')
    .option('--csv <file>', 'changes as `mien data check --csv` proposes them: source, split, row, action (keep, drop, relabel, move), to')
    .option('--undo', 'take the last cleaning back')
    .option('--out <dir>', 'write a new store there instead of changing this one')
    .option('--locked', 'allow changes within locked test splits')
    .option('--force', 'replace a store that stands at --out')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', '\nExample:\n  mien data check data/fer2013 --csv changes.csv\n  mien data clean data/fer2013 --csv changes.csv')
    .action(async (dir: string, { csv, undo, out, locked, force, json }: CleanFlags) => {
      if ((csv === undefined) === !undo) throw new UserError('bad-option', 'expected --csv FILE to apply changes, or --undo to take the last ones back');
      const progress = new Progress();
      const report =
        csv === undefined
          ? await undoCleaning(dir, { out, force })
          : await cleanStore(dir, { csv, out, locked, force, onProgress: (done, total) => progress.count('writing rows', done, total) });
      progress.end();
      const { manifest, dropped, relabelled, moved } = report;
      if (json) {
        printJson({ out: report.out, undone: undo ?? false, images: manifest.count, dropped, relabelled, moved, splits: manifest.splits });
        return;
      }
      note(`${undo ? 'taken back' : 'done'}: ${dropped} dropped, ${relabelled} relabelled, ${moved} moved; ${manifest.count} images in ${report.out}`);
      if (!undo) note('mien data clean --undo takes it back');
    });
}
