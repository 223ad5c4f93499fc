/** Whether a tensor of a file can become a weight of the network, and how its numbers have to be rearranged for that. */
import { type Shape, sizeOf } from '@mien/onnx';
import { resizePositions } from './resize-positions.ts';

/** A way to make the weight: `how` is told to the user; an empty one means that the tensor fits as it is. */
export interface Fit {
  readonly how: string;
  readonly apply: (data: Float32Array) => Float32Array;
}

const asItIs: Fit = { how: '', apply: (data) => data };

function isSame(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/** [O,C,kh,kw] → [O,1,kh,kw], Σ over C: what the filter makes of one plane seen by all C channels. */
function sumInputChannels(data: Float32Array, [O, C, kh, kw]: Shape): Float32Array {
  const plane = kh! * kw!;
  const out = new Float32Array(O! * plane);
  for (let o = 0; o < O!; o++) {
    for (let c = 0; c < C!; c++) {
      for (let i = 0; i < plane; i++) out[o * plane + i]! += data[(o * C! + c) * plane + i]!;
    }
  }
  return out;
}

/** [O,1,kh,kw] → [O,C,kh,kw]: each channel takes its share, so that C equal planes give what one gave. */
function spreadInputChannels(data: Float32Array, [O, , kh, kw]: Shape, C: number): Float32Array {
  const plane = kh! * kw!;
  const out = new Float32Array(O! * C * plane);
  for (let o = 0; o < O!; o++) {
    for (let c = 0; c < C; c++) {
      for (let i = 0; i < plane; i++) out[(o * C + c) * plane + i] = data[o * plane + i]! / C;
    }
  }
  return out;
}

/** Shape `from` as weight `name` of shape `to`. `stem`: the weight belongs to a convolution that sees the image. Undefined where it cannot. */
export function fitTensor(name: string, from: Shape, to: Shape, stem: boolean): Fit | undefined {
  if (isSame(from, to)) return asItIs;
  if (stem && from.length === 4 && from[1]! > 0 && isSame([from[0]!, ...from.slice(2)], [to[0]!, ...to.slice(2)])) {
    if (to[1] === 1) return { how: `summed over ${from[1]} input channels`, apply: (data) => sumInputChannels(data, from) };
    if (from[1] === 1) return { how: `spread over ${to[1]} input channels`, apply: (data) => spreadInputChannels(data, from, to[1]!) };
  }
  // A convolution over all of its input is a dense layer: [O,I,kh,kw] holds the same numbers in the same order as [O,I·kh·kw].
  if (from.length !== to.length && from[0] === to[0] && Math.min(from.length, to.length) === 2 && sizeOf(from) === sizeOf(to))
    return { how: `[${from}] read as [${to}]`, apply: (data) => data };
  if (name.endsWith('pos_embed')) return resizePositions(from, to);
  return undefined;
}
