/** `mien predict`: faces and their expressions in photographs and videos. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { LiveFace } from '@mien/live';
import { type Face, type FaceDetector, findExpressions, type Recogniser, UserError, wholeExpression } from '@mien/runtime';
import { createNodeRecogniser, decodeImage, defaultDetector, lightDetector, openDetector } from '@mien/runtime/node';
import { findModel } from '../find-model.ts';
import { note, parseCount, printJson, printText, Progress } from '../output.ts';
import { predictVideo, type VideoSummary } from '../video/predict-video.ts';
import { printJsonAtPace } from '../video/print-at-pace.ts';
import { isVideoName } from '../video/probe-video.ts';

interface PredictFlags {
  model?: string;
  detector?: string;
  wholeImage?: boolean;
  threshold?: string;
  threads?: number;
  out?: string;
  csv?: string;
  json?: boolean;
}

const px = (value: number): number => Math.round(value * 10) / 10;

/** A face as JSON; numbers shortened to what means something. */
function toJson({ box, detection, expression, probabilities }: Omit<Face, 'logits'>): Record<string, unknown> {
  return { box: { x: px(box.x), y: px(box.y), width: px(box.width), height: px(box.height) }, detection, expression, probabilities };
}

function liveToJson(face: LiveFace): unknown {
  return { id: face.id, ...toJson(face), unsure: face.unsure };
}

/** As `toJson`; where the model's card says when it is not sure, that too. */
function photoToJson(face: Face, { abstain }: Recogniser['card']): Record<string, unknown> {
  return { ...toJson(face), ...(abstain ? { unsure: face.probabilities[face.expression]! < abstain.threshold } : {}) };
}

function toText(file: string, faces: readonly Face[], { abstain }: Recogniser['card']): string {
  if (faces.length === 0) return `${file}: no face found`;
  const lines = faces.map(({ box, expression, probabilities }) => {
    const ranked = Object.entries(probabilities).sort((a, b) => b[1] - a[1]);
    const shares = ranked.slice(0, 3).map(([label, p]) => `${label} ${(100 * p).toFixed(0)} %`);
    const unsure = abstain && probabilities[expression]! < abstain.threshold ? '   not sure' : '';
    return `  ${expression.padEnd(9)} at ${Math.round(box.x)},${Math.round(box.y)} ${Math.round(box.width)}×${Math.round(box.height)}   ${shares.join(', ')}${unsure}`;
  });
  return `${file}: ${faces.length} ${faces.length === 1 ? 'face' : 'faces'}\n${lines.join('\n')}`;
}

function videoText(file: string, { frames, seconds, faces }: VideoSummary): string {
  const lines = faces.map((face) => {
    const shares = Object.entries(face.shares).slice(0, 3);
    return `  face ${face.id}: ${face.seconds.toFixed(1)} s in view, ${shares.map(([label, share]) => `${label} ${(100 * share).toFixed(0)} %`).join(', ')}`;
  });
  return [`${file}: ${frames} frames, ${seconds.toFixed(1)} s, ${faces.length || 'no'} ${faces.length === 1 ? 'face' : 'faces'}`, ...lines].join('\n');
}

async function predictOneVideo(file: string, flags: PredictFlags, recogniser: Recogniser, search: FaceDetector, threshold: number | undefined): Promise<void> {
  const detector = await lightDetector(flags.threads ? { threads: flags.threads } : {});
  const progress = new Progress();
  try {
    const summary = await predictVideo({
      file,
      recogniser,
      detector,
      search,
      ...(threshold === undefined ? {} : { threshold }),
      ...(flags.out === undefined ? {} : { out: flags.out }),
      ...(flags.csv === undefined ? {} : { csv: flags.csv }),
      ...(flags.json
        ? { onFrame: ({ index, time }, faces) => printJsonAtPace({ file, frame: index, time: Math.round(time * 1000) / 1000, faces: faces.map(liveToJson) }) }
        : {}),
      onProgress: (done, total) => progress.count(file, done, total ?? done),
    });
    if (!flags.json) printText(videoText(file, summary));
  } finally {
    progress.end();
    await detector.release();
  }
}

/** What `--out`, `--csv` and `--whole-image` cannot do is said before any model is loaded. */
function checkInputs(files: readonly string[], flags: PredictFlags): void {
  if ((flags.out ?? flags.csv) !== undefined && (files.length !== 1 || !isVideoName(files[0]!))) {
    throw new UserError(
      'bad-option',
      `--out and --csv are for one video; got ${files.length === 1 ? files[0] : `${files.length} files`}; for photographs use --json`,
    );
  }
  if (flags.wholeImage && files.some(isVideoName))
    throw new UserError('bad-option', '--whole-image is for pictures of one face; a video is searched for faces');
  if (flags.wholeImage && (flags.threshold ?? flags.detector) !== undefined)
    throw new UserError(
      'bad-option',
      `${flags.threshold === undefined ? '--detector' : '--threshold'}: with --whole-image no faces are looked for; leave one of the two out`,
    );
  if (flags.out !== undefined && !isVideoName(flags.out)) {
    throw new UserError('bad-option', `--out ${flags.out}: expected the name of a video, as annotated.mp4`);
  }
  if (flags.out !== undefined && resolve(flags.out) === resolve(files[0]!)) {
    throw new UserError('bad-option', `--out ${flags.out}: this is the video that is read; choose another name`);
  }
  if (flags.csv !== undefined && [files[0]!, ...(flags.out === undefined ? [] : [flags.out])].some((other) => resolve(other) === resolve(flags.csv!)))
    throw new UserError('bad-option', `--csv ${flags.csv}: this is the name of a video; choose another one, as timeline.csv`);
}

/** A crop with fewer pixels than the network looks at is enlarged: an answer comes, but from less than the model knows to use. */
function noteSmall(file: string, image: { readonly width: number; readonly height: number }, { card }: Recogniser): void {
  const [height, width] = card.preprocessing.resizeTo;
  if (image.width >= width && image.height >= height) return;
  note(
    `mind: ${file} is ${image.width}×${image.height} px, smaller than the ${width}×${height} px crop ${card.name} looks at; it is enlarged, take a larger picture if there is one`,
  );
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
    .argument('<file...>', 'picture and video files')
    .option('--model <model>', '.onnx file, run folder, or name of a released model')
    .option('--detector <file>', 'a YuNet face detector (.onnx) instead of the built-in one')
    .option('--whole-image', 'each picture is a face crop already: look for no faces')
    .option('--threshold <score>', 'lowest detection score that counts as a face, 0 to 1')
    .option('--threads <n>', 'threads (default: all cores)', parseCount('--threads', 1, 256))
    .option('--out <file>', 'video: write it again with the faces marked, as annotated.mp4')
    .option('--csv <file>', 'video: write a table with a line for each face in each frame')
    .option('--json', 'print one JSON line a picture, or a frame')
    .addHelpText('after', '\nExamples:\n  mien predict party.jpg portrait.png --json\n  mien predict clip.mp4 --out annotated.mp4 --csv timeline.csv')
    .action(async (files: string[], flags: PredictFlags) => {
      checkInputs(files, flags);
      const threads = flags.threads ? { threads: flags.threads } : {};
      const threshold = parseThreshold(flags.threshold);
      const progress = new Progress();
      const [recogniser, detector] = await Promise.all([
        createNodeRecogniser(findModel(flags.model), threads),
        flags.wholeImage ? undefined : flags.detector ? openDetector(flags.detector, threads) : defaultDetector(threads),
      ]);
      try {
        for (const [i, file] of files.entries()) {
          // Text results show by themselves how far it is; JSON usually goes into a file.
          if (flags.json) progress.count('files', i, files.length);
          try {
            if (isVideoName(file) && detector) {
              await predictOneVideo(file, flags, recogniser, detector, threshold);
              continue;
            }
            const image = await decodeImage(file);
            if (!detector) noteSmall(file, image, recogniser);
            const faces = detector
              ? await findExpressions(image, detector, recogniser, threshold === undefined ? {} : { threshold })
              : [await wholeExpression(image, recogniser)];
            if (flags.json) printJson({ file, width: image.width, height: image.height, faces: faces.map((face) => photoToJson(face, recogniser.card)) });
            else printText(toText(file, faces, recogniser.card));
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
