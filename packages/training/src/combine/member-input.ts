/** From the pixels a combined graph is given to what one of its members wants to see, as the member's card says. */
import { concat, type Graph, mul, reduceSum, slice, type Value } from '@mien/engine';
import type { Preprocessing } from '@mien/runtime';
import { type ImageShape, normalise, repeatChannels } from '../input-pixels.ts';

/** What the graph is given: pixels 0…1 of a whole crop, or of a window of it. */
export interface Picture {
  /** Of what is given, [C,H,W]; C is 1 (grey) or 3 (RGB). */
  readonly shape: ImageShape;
  /** [H,W] of the crop that a window was cut from. */
  readonly whole: readonly [number, number];
}

/** Looking at a picture more than once. */
export interface Views {
  /** Also mirrored left and right. */
  readonly flip: boolean;
  /** Windows at the four corners beside the central one, where the network sees less than the picture. */
  readonly crops: boolean;
}

export const oneView: Views = { flip: false, crops: false };

/** Rec. 601, as the runtime makes grey of colour. */
const luma = [0.299, 0.587, 0.114];

/** x [N,C,H,W] → [N,C,height,width] for any N; otherwise as the engine's `resize`. */
function resizeSides(x: Value, height: number, width: number): Value {
  const { graph } = x;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  if (H === height && W === width) return x;
  const shrinks = height < H || width < W;
  return graph.emit('Resize', [x, '', '', graph.constant([height, width], [2], 'int64')], [N, C, height, width], {
    attributes: { mode: 'linear', coordinate_transformation_mode: 'half_pixel', axes: [2, 3], ...(shrinks ? { antialias: 1 } : {}) },
  });
}

/** Repeats the edges of x [N,C,H,W] until it is at least `height`×`width`, as much on either side. */
function padToSize(x: Value, height: number, width: number): Value {
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const [down, across] = [Math.max(0, height - H), Math.max(0, width - W)];
  if (down === 0 && across === 0) return x;
  const pads = [0, 0, down >> 1, across >> 1, 0, 0, down - (down >> 1), across - (across >> 1)];
  return x.graph.emit('Pad', [x, x.graph.constant(pads, [8], 'int64')], [N, C, H + down, W + across], { attributes: { mode: 'edge' } });
}

/** Left and right changed, [N,C,H,W]. */
function mirrored(x: Value): Value {
  const W = x.shape[3]!;
  const backwards = Array.from({ length: W }, (_, i) => W - 1 - i);
  return x.graph.emit('Gather', [x, x.graph.constant(backwards, [W], 'int64')], x.shape, { attributes: { axis: 3 } });
}

/** Windows of `height`×`width`: the central one as the runtime cuts it, then those at the corners where there is room. */
function windows(x: Value, height: number, width: number, { crops }: Views): Value[] {
  const [spareY, spareX] = [x.shape[2]! - height, x.shape[3]! - width];
  const at = (top: number, left: number): Value => {
    const rows = spareY > 0 ? slice(x, 2, top, top + height) : x;
    return spareX > 0 ? slice(rows, 3, left, left + width) : rows;
  };
  const central = at(spareY >> 1, spareX >> 1);
  if (!crops || (spareY === 0 && spareX === 0)) return [central];
  const corners = [...new Set([0, spareY])].flatMap((top) => [...new Set([0, spareX])].map((left) => at(top, left)));
  return [central, ...corners];
}

/**
 * x as `picture` says → [V·N,C,h,w] of the member's input for V views, view after view. A window of the crop is brought
 * to the scale the member sees the crop at, then cut, or continued by its edge, to the member's size about its centre.
 */
export function memberInput(graph: Graph, x: Value, picture: Picture, { input, color, resizeTo, mean, std }: Preprocessing, views: Views = oneView): Value {
  const [C, height, width] = input.shape;
  const grey = color === 'gray' && x.shape[1] === 3 ? reduceSum(mul(x, graph.constant(luma, [1, 3, 1, 1])), [1]) : x;
  const [, windowH, windowW] = picture.shape;
  const scaled = resizeSides(grey, Math.round((windowH * resizeTo[0]) / picture.whole[0]), Math.round((windowW * resizeTo[1]) / picture.whole[1]));
  const seen = windows(padToSize(scaled, height, width), height, width, views);
  const all = views.flip ? seen.flatMap((window) => [window, mirrored(window)]) : seen;
  return normalise(repeatChannels(all.length > 1 ? concat(all, 0) : all[0]!, C), { mean, std });
}
