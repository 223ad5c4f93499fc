/** Whether a map tells the truth: deletion and insertion (Petsiuk, Das & Saenko 2018), against maps drawn at random. */
import { type Split, randomFor } from '@mien/data';
import { Preprocessor, wholeSquare } from '@mien/runtime';
import { bootstrapInterval } from '../compare.ts';
import { gaussianBlur } from '../corruption/filters.ts';
import { argmax } from '../metrics.ts';
import { toImage } from '../predict-split.ts';
import { Explainer, type ExplainMethod } from './explain.ts';
import { type HeatMap, resizeMap } from './heat-map.ts';
import type { LookingGlass } from './looking-glass.ts';
import { channelMeans } from './occlusion-map.ts';

/** Parts in which a picture is taken away and put back. */
const steps = 16;
/** Standard deviation of the blur insertion starts from, as a share of the side: an eighth leaves nothing of an expression. */
const blurShare = 1 / 8;
/** Cells of a random map each way: as coarse as the maps of a network. */
const randomCells = 7;

export interface FaithfulnessOptions {
  readonly glass: LookingGlass;
  readonly split: Split;
  readonly rows: ArrayLike<number>;
  readonly methods: readonly ExplainMethod[];
  readonly seed: number;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface FigureWithInterval {
  readonly value: number;
  /** Bootstrap over rows, 95 %. */
  readonly interval95: readonly [number, number];
}

export interface MethodFaithfulness {
  readonly method: ExplainMethod | 'random';
  /** Mean probability of the predicted class while the places the map calls important are taken away first; low is good. */
  readonly deletion: FigureWithInterval;
  /** The same while they are put back first; high is good. */
  readonly insertion: FigureWithInterval;
  /** insertion − deletion, less that of random maps on the same rows: above 0 the map knows something. */
  readonly beyondRandom: FigureWithInterval;
}

export interface Faithfulness {
  readonly n: number;
  readonly steps: number;
  readonly seed: number;
  /** The best first; random maps last. */
  readonly methods: readonly MethodFaithfulness[];
  /** Which map to believe, in a sentence. */
  readonly verdict: string;
}

interface Areas {
  readonly deletion: number;
  readonly insertion: number;
}

/** Pixels of the input from the most to the least important; equals in random order. */
function orderOf(map: HeatMap, height: number, width: number, keys: readonly (string | number)[]): Uint32Array {
  const { values } = resizeMap(map, height, width);
  const random = randomFor('faithfulness order', ...keys);
  const tie = Float64Array.from(values, () => random.next());
  return Uint32Array.from(values, (_, p) => p).sort((a, b) => values[b]! - values[a]! || tie[a]! - tie[b]!);
}

/** Mean probability of class k, by the trapezoid rule, while `from` turns into `to` in the order of pixels. Both [C,H,W]. */
async function areaOf(glass: LookingGlass, from: Float32Array, to: Float32Array, order: Uint32Array, k: number): Promise<number> {
  const K = glass.head.labels.length;
  const plane = order.length;
  const inputs = new Float32Array((steps + 1) * from.length);
  const now = from.slice();
  for (let step = 0; step <= steps; step++) {
    const until = Math.round((plane * step) / steps);
    for (let i = Math.round((plane * Math.max(0, step - 1)) / steps); i < until; i++) {
      for (let at = order[i]!; at < now.length; at += plane) now[at] = to[at]!;
    }
    inputs.set(now, step * from.length);
  }
  const p = await glass.probabilities(inputs);
  let area = 0;
  for (let step = 0; step < steps; step++) area += (p[step * K + k]! + p[(step + 1) * K + k]!) / 2 / steps;
  return area;
}

function randomMap(seed: number, row: number): HeatMap {
  const random = randomFor(seed, 'random map', row);
  return { height: randomCells, width: randomCells, values: Float32Array.from({ length: randomCells ** 2 }, () => random.next()) };
}

/** Runs deletion and insertion for each method and for random maps on every row, for the class the model says. */
export async function measureFaithfulness({ glass, split, rows, methods, seed, onProgress }: FaithfulnessOptions): Promise<Faithfulness> {
  const { input } = glass.card.preprocessing;
  const [C, H, W] = input.shape;
  const preprocessor = new Preprocessor(glass.card.preprocessing);
  const explainer = new Explainer(glass);
  const names = [...methods, 'random' as const];
  const areas = new Map<string, Areas[]>(names.map((name) => [name, []]));
  const { channels, height, width } = split.image;
  for (let i = 0; i < rows.length; i++) {
    const pixels = await split.gatherImages([rows[i]!]);
    const face = preprocessor.write(toImage(pixels, channels, height, width), wholeSquare({ width, height }));
    const p = await glass.probabilities(face);
    const k = argmax(p, 0, glass.head.labels.length);
    const means = channelMeans(face, C);
    const grey = Float32Array.from(face, (_, at) => means[Math.floor(at / (H * W))]!);
    const blurred = new Float32Array(face.length);
    for (let c = 0; c < C; c++) blurred.set(gaussianBlur(face.subarray(c * H * W, (c + 1) * H * W), H, W, blurShare * Math.min(H, W)), c * H * W);
    for (const name of names) {
      const map = name === 'random' ? randomMap(seed, rows[i]!) : await explainer.map(name, face, k);
      const order = orderOf(map, H, W, [seed, rows[i]!]);
      areas.get(name)!.push({ deletion: await areaOf(glass, face, grey, order, k), insertion: await areaOf(glass, blurred, face, order, k) });
    }
    onProgress?.(i + 1, rows.length);
  }
  return summarise(names, areas, rows.length, seed);
}

function summarise(names: readonly (ExplainMethod | 'random')[], areas: ReadonlyMap<string, readonly Areas[]>, n: number, seed: number): Faithfulness {
  const figure = (values: readonly number[]): FigureWithInterval => {
    const mean = (chosen: Uint32Array): number => chosen.reduce((sum, i) => sum + values[i]!, 0) / Math.max(1, chosen.length);
    return { value: values.reduce((a, b) => a + b, 0) / Math.max(1, n), interval95: bootstrapInterval(n, mean, { seed }) };
  };
  const score = ({ deletion, insertion }: Areas): number => insertion - deletion;
  const random = areas.get('random')!;
  const scores = (name: string): number[] => areas.get(name)!.map((each, i) => score(each) - score(random[i]!));
  const all = names.map(
    (method): MethodFaithfulness => ({
      method,
      deletion: figure(areas.get(method)!.map(({ deletion }) => deletion)),
      insertion: figure(areas.get(method)!.map(({ insertion }) => insertion)),
      beyondRandom: figure(scores(method)),
    }),
  );
  const ranked = all.filter(({ method }) => method !== 'random').sort((a, b) => b.beyondRandom.value - a.beyondRandom.value);
  const methods = [...ranked, all.find(({ method }) => method === 'random')!];
  return { n, steps, seed, methods, verdict: verdictOf(ranked, (a, b) => figure(scores(a).map((v, i) => v - scores(b)[i]!)).interval95) };
}

function verdictOf(ranked: readonly MethodFaithfulness[], differ: (a: string, b: string) => readonly [number, number]): string {
  const telling = ranked.filter(({ beyondRandom }) => beyondRandom.interval95[0] > 0);
  const [best] = telling;
  if (!best) return 'Believe none of these maps: none is shown to be better than one drawn at random.';
  const equals = telling.slice(1).filter(({ method }) => differ(best.method, method)[0] <= 0);
  const useless = ranked.filter((each) => !telling.includes(each)).map(({ method }) => method);
  return [
    equals.length
      ? `Believe ${[best, ...equals].map(({ method }) => method).join(' or ')}: no difference between them is shown on these rows.`
      : `Believe ${best.method}: it finds what the model uses better than the others.`,
    ...(useless.length ? [`Not shown to be better than a random map: ${useless.join(', ')}.`] : []),
  ].join(' ');
}
