/** How much the label of a face flickers in a video, raw and smoothed, and how much later the smoothed one tells of a change. */
import { randomFor } from '@mien/data';
import {
  alignmentLag,
  calibratedLogits,
  countSwitches,
  defaultFilter,
  FaceFollower,
  FaceSmoother,
  type LabelledFrame,
  type SmoothingOptions,
  switchesPerMinute,
} from '@mien/live';
import { type Box, type FollowingDetector, type Recogniser, softmax, UserError } from '@mien/runtime';
import { probeVideo } from './video/probe-video.ts';
import { readFrames } from './video/read-frames.ts';

export interface FlickerBenchOptions {
  readonly file: string;
  readonly recogniser: Recogniser;
  readonly detector: FollowingDetector;
  readonly seed: number;
  readonly onProgress: (done: number, total: number) => void;
}

export interface FlickerRow {
  readonly smoothing: string;
  readonly switchesPerMinute: number;
  /** Switches ÷ raw switches. */
  readonly ofRaw: number;
  /** Delay of the probabilities: the shift at which they agree best with the raw ones. */
  readonly probabilityLagMs: number;
  /** Delay of the label after a change of expression: median and 90th percentile over spliced pieces of the clip. */
  readonly labelLagMs: number;
  readonly labelLagP90Ms: number;
  /** Spliced changes that were measured. */
  readonly changes: number;
}

export interface FlickerBench {
  readonly frames: number;
  readonly seconds: number;
  readonly rawSwitches: number;
  /** Whether the crop was trembled because the clip alone flickered too little. */
  readonly jittered: boolean;
  readonly rows: readonly FlickerRow[];
}

interface Output {
  readonly time: number;
  readonly logits: Float32Array;
}

/** Fewer raw switches than this say little: then the crop is trembled. */
const fewestSwitches = 20;
/** Largest tremble of the crop's place and size, as a part of its side. */
const jitter = 0.04;
const pieceSeconds = 1.5;
const splices = 400;

const fewestFrames = 15;

/** Smoothings compared, from none to strong. */
const smoothings: readonly { readonly name: string; readonly options: SmoothingOptions }[] = [
  { name: 'raw', options: { filter: 'off', label: 'off' } },
  { name: 'filter only', options: { label: 'off' } },
  { name: 'light', options: { label: { evidence: 0.1 } } },
  { name: 'default', options: {} },
  { name: 'strong', options: { filter: { ...defaultFilter, minCutoffHz: 0.5 }, label: { evidence: 0.8 } } },
];

/** Boxes of the face that is longest in view; undefined in frames without it. */
interface Followed {
  readonly boxes: readonly (Box | undefined)[];
  readonly id: number;
}

async function followLongest(options: FlickerBenchOptions): Promise<Followed> {
  const video = await probeVideo(options.file);
  const follower = new FaceFollower({ detector: options.detector });
  const frames: Map<number, Box>[] = [];
  const seen = new Map<number, number>();
  const total = Math.round((video.durationSeconds ?? 0) * video.framesPerSecond);
  for await (const { image, time, index } of readFrames(video)) {
    const tracks = (await follower.next(image, time)).filter(({ sighting }) => sighting >= 0);
    frames.push(new Map(tracks.map(({ id, box }) => [id, box])));
    for (const { id } of tracks) seen.set(id, (seen.get(id) ?? 0) + 1);
    options.onProgress(index + 1, 3 * Math.max(total, index + 1));
  }
  const [longest] = [...seen].sort((a, b) => b[1] - a[1]);
  if (!longest) throw new UserError('no-face', `${options.file}: no face was found in ${frames.length} frames; flicker needs a video with a face`);
  // Half a second of an ordinary film: of less there is nothing to say.
  if (longest[1] < fewestFrames)
    throw new UserError('no-face', `${options.file}: no face is in view for more than ${longest[1]} frames; flicker needs at least ${fewestFrames}`);
  return { id: longest[0], boxes: frames.map((boxes) => boxes.get(longest[0])) };
}

/** The network's outputs for the followed face, its crop trembled by up to `tremble` of its side. */
async function outputsOf(options: FlickerBenchOptions, { boxes }: Followed, tremble: number, pass: number): Promise<Output[]> {
  const video = await probeVideo(options.file);
  const random = randomFor('flicker', options.seed);
  const outputs: Output[] = [];
  for await (const { image, time, index } of readFrames(video)) {
    const box = boxes[index];
    const [dx, dy, zoom] = [0, 1, 2].map(() => tremble * (2 * random.next() - 1)) as [number, number, number];
    if (box) {
      const scale = 1 + zoom;
      const crop = {
        x: box.x + box.width * (dx + (1 - scale) / 2),
        y: box.y + box.height * (dy + (1 - scale) / 2),
        width: box.width * scale,
        height: box.height * scale,
      };
      const [recognition] = await options.recogniser.recognise(image, [crop]);
      outputs.push({ time, logits: recognition!.logits });
    }
    options.onProgress(pass * boxes.length + index + 1, 3 * boxes.length);
  }
  return outputs;
}

const bestOf = (logits: Float32Array): number => logits.indexOf(Math.max(...logits));

function play(outputs: readonly Output[], recogniser: Recogniser, smoothing: SmoothingOptions): { labels: LabelledFrame[]; probabilities: Float64Array[] } {
  const smoother = new FaceSmoother(recogniser.card, smoothing);
  const frames = outputs.map(({ time, logits }) => ({ time, ...smoother.next(logits, time) }));
  return { labels: frames.map(({ time, label }) => ({ time, label })), probabilities: frames.map(({ probabilities }) => probabilities) };
}

/** The label most frames of a piece have. */
function majority(piece: readonly Output[], labels: number): number {
  const counts = new Array<number>(labels).fill(0);
  for (const { logits } of piece) counts[bestOf(logits)]!++;
  return counts.indexOf(Math.max(...counts));
}

/**
 * How much later than the raw label the smoothed one changes, where the clip is cut from a piece of one expression to a
 * piece of another: the true outputs of the network, their noise included, with a change at a known moment. Seconds, sorted.
 */
function labelLags(outputs: readonly Output[], recogniser: Recogniser, smoothing: SmoothingOptions, seed: number): number[] {
  const random = randomFor('splice', seed);
  const step = (outputs.at(-1)!.time - outputs[0]!.time) / (outputs.length - 1);
  const length = Math.round(pieceSeconds / step);
  if (outputs.length < 2 * length) return [];
  const labels = recogniser.card.labels.length;
  const lags: number[] = [];
  for (let i = 0; i < splices; i++) {
    const [a, b] = [0, 1].map(() => {
      const from = random.int(outputs.length - length);
      return outputs.slice(from, from + length);
    }) as [Output[], Output[]];
    const [before, after] = [majority(a, labels), majority(b, labels)];
    if (before === after) continue;
    const spliced = [...a, ...b].map(({ logits }, t) => ({ time: t * step, logits }));
    const shown = play(spliced, recogniser, smoothing).labels;
    if (shown[length - 1]!.label !== before) continue;
    const rawAt = spliced.findIndex(({ logits }, t) => t >= length && bestOf(logits) === after);
    const shownAt = shown.findIndex(({ label }, t) => t >= length && label === after);
    // A change that is not shown until the piece ends is late by at least what was left of it.
    lags.push(((shownAt < 0 ? spliced.length : shownAt) - rawAt) * step);
  }
  return lags.sort((x, y) => x - y);
}

export async function benchFlicker(options: FlickerBenchOptions): Promise<FlickerBench> {
  const { recogniser, seed } = options;
  const followed = await followLongest(options);
  const toLabels = (outputs: readonly Output[]): LabelledFrame[] => outputs.map(({ time, logits }) => ({ time, label: bestOf(logits) }));
  let outputs = await outputsOf(options, followed, 0, 1);
  const rawSwitches = countSwitches(toLabels(outputs));
  const jittered = rawSwitches < fewestSwitches;
  if (jittered) outputs = await outputsOf(options, followed, jitter, 2);
  const times = outputs.map(({ time }) => time);
  const { temperature } = recogniser.card.output;
  const rawProbabilities = outputs.map(({ logits }) => softmax(calibratedLogits(logits, temperature)));
  const rawRate = switchesPerMinute(toLabels(outputs));
  const rows = smoothings.map(({ name, options: smoothing }) => {
    const { labels, probabilities } = play(outputs, recogniser, smoothing);
    const lags = labelLags(outputs, recogniser, smoothing, seed);
    const quantile = (q: number): number => (lags.length ? 1000 * lags[Math.floor(q * (lags.length - 1))]! : Number.NaN);
    const rate = switchesPerMinute(labels);
    return {
      smoothing: name,
      switchesPerMinute: rate,
      ofRaw: rate / rawRate,
      probabilityLagMs: 1000 * alignmentLag(times, rawProbabilities, probabilities),
      labelLagMs: quantile(0.5),
      labelLagP90Ms: quantile(0.9),
      changes: lags.length,
    };
  });
  return { frames: outputs.length, seconds: times.at(-1)! - times[0]!, rawSwitches, jittered, rows };
}
