/** `mien data landmarks`: the points of every face, found once and kept beside the store. */
import type { Command } from 'commander';
import { findLandmarks } from '@mien/data';
import { defaultLandmarks } from '@mien/runtime/node';
import { note, parseCount, printJson, Progress } from '../../output.ts';

interface LandmarksFlags {
  force?: boolean;
  threads?: number;
  json?: boolean;
}

export function addLandmarksVerb(data: Command): void {
  data
    .command('landmarks')
    .argument('<store>', 'store made by `mien data import`')
    .description('find 68 points in every face, for aligning and for models that are given them; goes on where it was stopped')
    .option('--force', 'find them again where they are known')
    .option('--threads <n>', 'threads (default: all cores)', parseCount('--threads', 1, 256))
    .option('--json', 'print the report as JSON')
    .addHelpText('after', '\nExample:\n  mien data landmarks data/fer2013')
    .action(async (dir: string, { force, threads, json }: LandmarksFlags) => {
      const finder = await defaultLandmarks(threads ? { threads } : {});
      const progress = new Progress();
      try {
        const report = await findLandmarks(dir, { finder, force, onProgress: (done, total) => progress.count('faces', done, total) });
        progress.end();
        if (json) printJson(report);
        else note(`${report.rows} faces with their points (${report.kind}) in ${dir}${report.known > 0 ? `; ${report.known} were known before` : ''}`);
      } finally {
        progress.end();
        await finder.release();
      }
    });
}
