/** Released models and those of other npm packages on the same face crops, measured the same way in one run. */
import { createSession } from '@mien/onnx/node';
import { openStore, shuffledIndices, randomFor, type Split, type Store } from '@mien/data';
import { caveatsOf, checkSplit, computeMetrics, headsOfCard, refuseLevelFaces, refuseSeen, seenRows, withMainHead } from '@mien/evaluation';
import { type Image, loadRecogniser, readCard, withCard } from '@mien/runtime';
import { defaultLandmarks } from '@mien/runtime/node';
import { findPeer, outputOrder, type PeerName, peerNames } from './accuracy/peers.ts';
import { startPeer } from './accuracy/run-peer.ts';
import { median } from './bench/timing.ts';
import { readModelFile, releasedModels } from './find-model.ts';

export interface AccuracyRow {
  readonly name: string;
  readonly n: number;
  readonly accuracy: number;
  readonly macroF1: number;
  /** Median over all faces, one thread, one face at a time, from the pixels of the crop to probabilities. */
  readonly msPerFace: number;
  /** Of the model's files. */
  readonly bytes: number;
  /** What makes the figures look better than they are, as far as it is known. */
  readonly note?: string;
}

export interface AccuracyBenchOptions {
  readonly dir: string;
  readonly split: string;
  /** A model to measure besides the released ones, as the user named it, and its file. */
  readonly model?: { readonly name: string; readonly file: string } | undefined;
  /** Measures rows that one of our models was trained on too, and says so. */
  readonly force?: boolean | undefined;
  /** At most so many rows, drawn with seed 1; default: all. */
  readonly rows?: number | undefined;
  /** Says what is left out, and why. */
  readonly say: (text: string) => void;
  readonly onProgress: (what: string, done: number, total: number) => void;
}

/** One model, whatever runs it. */
interface Contender {
  readonly name: string;
  readonly bytes: number;
  readonly note?: string;
  /** The class of a crop, among the labels of the data, and the time it took. */
  classify(image: Image): Promise<{ readonly predicted: number; readonly ms: number }>;
  close(): Promise<void>;
}

/** The first faces cost more: code is compiled, memory is claimed. */
const warmups = 20;

/** Planar [C,H,W] → interleaved RGB, grey repeated; everyone gets the same pixels. */
function toRgb(pixels: Uint8Array, { channels, height, width }: Split['image']): Image {
  const plane = height * width;
  const data = new Uint8Array(3 * plane);
  for (let p = 0; p < plane; p++) for (let c = 0; c < 3; c++) data[3 * p + c] = pixels[(channels === 3 ? c : 0) * plane + p]!;
  return { width, height, channels: 3, data };
}

const largest = (values: readonly number[]): number => values.indexOf(Math.max(...values));

/** The rows everyone is measured on. */
interface Course {
  readonly store: Store;
  readonly split: Split;
  readonly force: boolean;
}

async function openOurs(name: string, file: string, { store, split, force }: Course): Promise<Contender | undefined> {
  const labels = split.labelNames;
  const bytes = readModelFile(file);
  const card = readCard(bytes, file);
  const head = headsOfCard(card).find((each) => each.labels.join() === labels.join());
  if (!head) return undefined;
  refuseLevelFaces(card, split, file);
  if (!force) refuseSeen(await seenRows(card, store, split), split, file);
  const caveats = await caveatsOf(card, head, store, split);
  const recogniser = await loadRecogniser({
    model: withCard(bytes, withMainHead(card, head.name, file)),
    createSession,
    file,
    threads: 1,
    landmarks: () => defaultLandmarks({ threads: 1 }),
  });
  return {
    name,
    bytes: bytes.length,
    ...(caveats.length > 0 ? { note: caveats.join('; ') } : {}),
    classify: async (image) => {
      const began = performance.now();
      const [recognition] = await recogniser.recognise(image, 'whole');
      const ms = performance.now() - began;
      return { predicted: labels.indexOf(recognition!.expression), ms };
    },
    close: () => recogniser.release(),
  };
}

async function openPeer(name: PeerName, { split: { labelNames: labels } }: Course, say: (text: string) => void): Promise<Contender | undefined> {
  const files = findPeer(name);
  if ('missing' in files) {
    say(files.missing);
    return undefined;
  }
  const order = outputOrder(labels, files);
  const peer = await startPeer(name, files);
  return {
    name: files.name,
    bytes: files.bytes,
    note: 'what it was trained on is not published',
    classify: async ({ data, height, width }) => {
      const { outputs, ms } = await peer.outputs({ pixels: data as Uint8Array, height, width });
      return { predicted: order[largest(outputs)]!, ms };
    },
    close: async () => peer.close(),
  };
}

async function measure(
  contender: Contender,
  images: readonly Image[],
  truth: readonly number[],
  labels: readonly string[],
  onProgress: (done: number) => void,
): Promise<AccuracyRow> {
  for (const image of images.slice(0, warmups)) await contender.classify(image);
  const predicted: number[] = [];
  const times: number[] = [];
  for (const image of images) {
    const answer = await contender.classify(image);
    predicted.push(answer.predicted);
    times.push(answer.ms);
    onProgress(predicted.length);
  }
  const { n, accuracy, macroF1 } = computeMetrics(truth, predicted, labels);
  const { name, bytes, note: known } = contender;
  return { name, n, accuracy, macroF1, msPerFace: median(times), bytes, ...(known ? { note: known } : {}) };
}

/**
 * The model that is named, the released ones, then the peers that are installed. One after the other, so that none disturbs
 * another's time. A peer that fails is left out and told. Throws `UserError` `trained-on`.
 */
export async function benchAccuracy({ dir, split: name, rows: most, model, force = false, say, onProgress }: AccuracyBenchOptions): Promise<AccuracyRow[]> {
  const store = await openStore(dir);
  try {
    const split = await store.split(name);
    checkSplit(split);
    const labels = split.labelNames;
    const rows = [...shuffledIndices(split.count, randomFor(1, 'rows')).slice(0, most ?? split.count)].sort((a, b) => a - b);
    const pixels = await split.gatherImages(rows);
    const images = rows.map((_, i) => toRgb(pixels.subarray(i * split.imageBytes, (i + 1) * split.imageBytes), split.image));
    const truth = rows.map((row) => split.labels[row]!);
    const course = { store, split, force };
    const ours = [...(model ? [model] : []), ...releasedModels().filter(({ file }) => file !== model?.file)];
    const results: AccuracyRow[] = [];
    const run = async (contender: Contender | undefined): Promise<void> => {
      if (!contender) return;
      try {
        results.push(await measure(contender, images, truth, labels, (done) => onProgress(contender.name, done, images.length)));
      } finally {
        await contender.close();
      }
    };
    for (const each of ours) {
      const contender = await openOurs(each.name, each.file, course);
      if (!contender) say(`${each.name} is left out: it tells apart other labels than ${labels.join(', ')}`);
      await run(contender);
    }
    for (const peer of peerNames) {
      try {
        await run(await openPeer(peer, course, say));
      } catch (error) {
        // Somebody else's program: what was measured before it is not lost with it.
        say(`${peer} is left out: it failed (${(error as Error).message})`);
      }
    }
    return results;
  } finally {
    await store.close();
  }
}
