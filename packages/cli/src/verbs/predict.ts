/** `mien predict`: faces and their expressions in photographs. */
import type { Command } from 'commander';
import { type Face, findExpressions, UserError, wholeExpression } from '@mien/runtime';
import { createNodeRecogniser, decodeImage, defaultDetector, openDetector } from '@mien/runtime/node';
import { findModel } from '../find-model.ts';
import { note, parseCount, printJson, printText, Progress } from '../output.ts';

interface PredictFlags {
  model?: string;
  detector?: string;
  wholeImage?: boolean;
  threshold?: string;
  threads?: number;
  json?: boolean;
}

/** One line of JSON a face; numbers shortened to what means something. */
function toJson({ box, detection, expression, probabilities }: Face): unknown {
  const px = (value: number): number => Math.round(value * 10) / 10;
  return { box: { x: px(box.x), y: px(box.y), width: px(box.width), height: px(box.height) }, detection, expression, probabilities };
}

function toText(file: string, faces: readonly Face[]): string {
  if (faces.length === 0) return `${file}: no face found`;
  const lines = faces.map(({ box, expression, probabilities }) => {
    const ranked = Object.entries(probabilities).sort((a, b) => b[1] - a[1]);
    const shares = ranked.slice(0, 3).map(([label, p]) => `${label} ${(100 * p).toFixed(0)} %`);
    return `  ${expression.padEnd(9)} at ${Math.round(box.x)},${Math.round(box.y)} ${Math.round(box.width)}×${Math.round(box.height)}   ${shares.join(', ')}`;
  });
  return `${file}: ${faces.length} ${faces.length === 1 ? 'face' : 'faces'}\n${lines.join('\n')}`;
}

function parseThreshold(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new UserError('bad-option', `--threshold ${text}: expected a number between 0 and 1`);
  return value;
}

export function addPredictVerb(program: Command): void {
  program
    .command('predict')
    .argument('<photo...>', 'picture files')
    .description('find the faces in photographs and name the expression each shows')
    .option('--model <model>', '.onnx file, run folder, or name of a released model')
    .option('--detector <file>', 'a YuNet face detector (.onnx) instead of the built-in one')
    .option('--whole-image', 'each picture is a face crop already: look for no faces')
    .option('--threshold <score>', 'lowest detection score that counts as a face, 0 to 1')
    .option('--threads <n>', 'threads (default: all cores)', parseCount('--threads', 1, 256))
    .option('--json', 'print one JSON line a picture')
    .addHelpText('after', '\nExample:\n  mien predict party.jpg portrait.png --json')
    .action(async (photos: string[], flags: PredictFlags) => {
      const threads = flags.threads ? { threads: flags.threads } : {};
      const threshold = parseThreshold(flags.threshold);
      const progress = new Progress();
      const [recogniser, detector] = await Promise.all([
        createNodeRecogniser(findModel(flags.model), threads),
        flags.wholeImage ? undefined : flags.detector ? openDetector(flags.detector, threads) : defaultDetector(threads),
      ]);
      try {
        for (const [i, file] of photos.entries()) {
          // Text results show by themselves how far it is; JSON usually goes into a file.
          if (flags.json) progress.count('pictures', i, photos.length);
          try {
            const image = await decodeImage(file);
            const faces = detector
              ? await findExpressions(image, detector, recogniser, threshold === undefined ? {} : { threshold })
              : [await wholeExpression(image, recogniser)];
            if (flags.json) printJson({ file, width: image.width, height: image.height, faces: faces.map(toJson) });
            else printText(toText(file, faces));
          } catch (error) {
            // One bad picture must not cost the others their results.
            if (!(error instanceof UserError)) throw error;
            process.exitCode = 2;
            if (flags.json) printJson({ file, error: { code: error.code, message: error.message } });
            else note(`mien: ${error.message}`);
          }
        }
      } finally {
        progress.end();
        await Promise.all([recogniser.release(), detector?.release()]);
      }
    });
}
