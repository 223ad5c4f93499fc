/** One face of a picture, and why a model names its expression as it does. */
import { checkMethod, Explainer, type ExplainMethod, type HeatMap, type LookingGlass, methodsFor, overlayPng, seenSquare } from '@mien/evaluation';
import { type Box, cropSquare, type FaceDetector, type Image, Preprocessor, UserError, wholeSquare } from '@mien/runtime';
import { decodeImage } from '@mien/runtime/node';
import { writeAtomically } from '@mien/training/run-folder';
import { makeRoomFor } from '../make-room-for.ts';

export interface ExplainFaceOptions {
  readonly image: string;
  /** For messages. */
  readonly modelFile: string;
  readonly glass: LookingGlass;
  /** Absent where the picture is a face crop itself. */
  readonly detector: FaceDetector | undefined;
  /** From the left, from 1. */
  readonly face: number;
  readonly method: ExplainMethod | undefined;
  /** Default: what the model says. */
  readonly label: string | undefined;
  readonly out: string | undefined;
  /** Says what should be known of the picture. */
  readonly note: (text: string) => void;
}

export interface FaceExplanation {
  readonly file: string;
  /** The part of the picture the map covers, in its pixels. */
  readonly square: Box;
  readonly expression: string;
  readonly probabilities: Readonly<Record<string, number>>;
  readonly method: ExplainMethod;
  /** The class that was explained. */
  readonly label: string;
  readonly map: HeatMap;
  readonly out?: string;
}

/** The square the card cuts out for the face asked for. */
async function chooseSquare(image: Image, { image: file, detector, face, glass }: ExplainFaceOptions): Promise<Box> {
  if (!detector) return wholeSquare(image);
  const found = (await detector.detect(image)).map(({ box }) => box).sort((a, b) => a.x + a.width / 2 - b.x - b.width / 2);
  if (found.length === 0) throw new UserError('no-face', `${file}: no face was found; if the picture is a face crop itself, say --whole-image`);
  if (face > found.length)
    throw new UserError(
      'no-face',
      `${file}: --face ${face}: ${found.length === 1 ? 'only one face was' : `${found.length} faces were`} found; they are counted from the left, from 1`,
    );
  return cropSquare(found[face - 1]!, glass.card.preprocessing.crop);
}

/** Below this part of what the network looks at, nearly all it sees is made up by enlarging. */
const smallestPart = 0.5;

/** Notes that a face is enlarged, as `mien predict` does. Throws `UserError` where next to nothing is left of it to explain. */
function checkSize(crop: Box, { image: file, glass, note }: ExplainFaceOptions): void {
  const [height, width] = glass.card.preprocessing.resizeTo;
  if (crop.width >= width && crop.height >= height) return;
  const what = `${file}: the face is ${Math.round(crop.width)}×${Math.round(crop.height)} px, smaller than the ${width}×${height} px crop the model looks at`;
  if (Math.min(crop.width / width, crop.height / height) < smallestPart) throw new UserError('image-too-small', `${what}; take a larger picture`);
  note(`mind: ${what}; it is enlarged, take a larger picture if there is one`);
}

function chooseLabel(labels: readonly string[], asked: string | undefined, predicted: number): number {
  if (asked === undefined) return predicted;
  const k = labels.indexOf(asked);
  if (k < 0) throw new UserError('unknown-class', `--class ${asked}: the model tells apart ${labels.join(', ')}`);
  return k;
}

export async function explainFace(options: ExplainFaceOptions): Promise<FaceExplanation> {
  const { image: file, glass, out } = options;
  const method = options.method ?? methodsFor(glass)[0]!;
  checkMethod(glass, method, options.modelFile);
  const image = await decodeImage(file);
  const crop = await chooseSquare(image, options);
  checkSize(crop, options);
  makeRoomFor(out);
  const { preprocessing } = glass.card;
  const input = new Preprocessor(preprocessing).write(image, crop);
  const p = await glass.probabilities(input);
  const { labels } = glass.head;
  const predicted = p.indexOf(Math.max(...p));
  const k = chooseLabel(labels, options.label, predicted);
  const map = await new Explainer(glass).map(method, input, k);
  const square = seenSquare(crop, preprocessing);
  if (out !== undefined) {
    const said = `${labels[predicted]} ${(100 * p[predicted]!).toFixed(0)} %`;
    const why = method === 'attention' ? `attention, whatever the class` : `${method} for ${labels[k]} (${(100 * p[k]!).toFixed(0)} %)`;
    writeAtomically(out, await overlayPng({ image, square, map, caption: [said, why] }));
  }
  return {
    file,
    square,
    expression: labels[predicted]!,
    probabilities: Object.fromEntries(labels.map((label, i) => [label, p[i]!])),
    method,
    label: labels[k]!,
    map,
    ...(out === undefined ? {} : { out }),
  };
}
