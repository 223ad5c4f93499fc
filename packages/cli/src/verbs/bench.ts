/** `mien bench`: how fast this machine trains. */
import type { Command } from 'commander';
import { benchEngine } from '../bench-engine.ts';
import { note, printJson, printText } from '../output.ts';

export function addBenchVerb(program: Command): void {
  const bench = program.command('bench').description('measure speed on this machine');
  bench
    .command('engine')
    .description('training steps against the matrix-multiply roofline, measured in one run')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  mien bench engine --json')
    .action(async (flags: { json?: boolean }) => {
      const result = await benchEngine(note);
      if (flags.json) {
        printJson(result);
        return;
      }
      printText(`matrix multiply (sgemm): ${result.sgemmGflops.toFixed(0)} GFLOP/s, ${result.kernels}`);
      for (const m of result.models) {
        printText(
          `${m.name.padEnd(18)} batch ${m.batch}: ${m.stepMs.toFixed(0)} ms a step, ${m.imagesPerSecond.toFixed(1)} images/s, ${m.gflops.toFixed(0)} GFLOP/s, ${m.ofSgemm.toFixed(2)} of sgemm; augmentation ${(100 * m.augmentShare).toFixed(1)} % of a step`,
        );
      }
      printText(`peak memory ${result.peakRssMb.toFixed(0)} MB`);
    });
}
