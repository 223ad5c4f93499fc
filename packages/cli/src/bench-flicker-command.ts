/** `mien bench flicker`: the command around `bench-flicker.ts`. */
import type { Command } from 'commander';
import { createNodeRecogniser, lightDetector } from '@mien/runtime/node';
import { benchFlicker } from './bench-flicker.ts';
import { findModel } from './find-model.ts';
import { parseCount, printJson, printText, Progress } from './output.ts';

interface FlickerFlags {
  model?: string;
  threads?: number;
  seed?: number;
  json?: boolean;
}

const ms = (value: number): string => (Number.isNaN(value) ? 'no change' : `${value.toFixed(0)} ms`);

export function addFlickerCommand(bench: Command): void {
  bench
    .command('flicker')
    .argument('<video>', 'a video with a face')
    .description('label switches a minute against added lag, raw and smoothed')
    .option('--model <model>', '.onnx file, run folder, or name of a released model')
    .option('--threads <n>', 'threads (default: all cores)', parseCount('--threads', 1, 256))
    .option('--seed <n>', 'seed of the tremble and of the spliced changes (default: 1)', parseCount('--seed', 0, 2 ** 31))
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  mien bench flicker clip.mp4')
    .action(async (file: string, flags: FlickerFlags) => {
      const threads = flags.threads ? { threads: flags.threads } : {};
      const seed = flags.seed ?? 1;
      const progress = new Progress();
      const [recogniser, detector] = await Promise.all([createNodeRecogniser(findModel(flags.model), threads), lightDetector(threads)]);
      try {
        const result = await benchFlicker({ file, recogniser, detector, seed, onProgress: (done, total) => progress.count('frames', done, total) });
        progress.end();
        if (flags.json) {
          printJson({ file, model: recogniser.card.name, seed, ...result });
          return;
        }
        printText(
          `${file}: ${recogniser.card.name}, ${result.frames} frames, ${result.seconds.toFixed(1)} s, ${result.rawSwitches} raw label switches${result.jittered ? '; fewer than 20, so the crop is trembled by ±4 %' : ''}, seed ${seed}`,
        );
        printText('smoothing     switches/min   ÷ raw   lag of probabilities   lag of the label: median   90 %');
        for (const row of result.rows) {
          printText(
            `${row.smoothing.padEnd(12)} ${row.switchesPerMinute.toFixed(1).padStart(13)} ${(Number.isNaN(row.ofRaw) ? '–' : row.ofRaw.toFixed(3)).padStart(7)} ${ms(row.probabilityLagMs).padStart(22)} ${ms(row.labelLagMs).padStart(26)} ${ms(row.labelLagP90Ms).padStart(6)}`,
          );
        }
      } finally {
        progress.end();
        await Promise.all([recogniser.release(), detector.release()]);
      }
    });
}
