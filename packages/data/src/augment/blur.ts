/** Gaussian blur of planes, separable: down the columns first, then along the rows. */

/** Weights beyond this many standard deviations are left out. */
const reach = 3;
/** Weaker than this the blur changes nothing that eight bits could hold. */
const weakestSigmaPx = 0.1;

// Scratch, grown on demand: the plane between the two passes, a row with its repeated edges, and half of the kernel.
let between = new Float64Array(0);
let padded = new Float64Array(0);
let kernel = new Float64Array(0);

/** Blurs out [C,H,W] from outOffset in place; the edge pixels are repeated beyond the edge. sigmaPx ≥ 0. */
export function blurPlanes(sigmaPx: number, channels: number, height: number, width: number, out: Float32Array, outOffset: number): void {
  if (sigmaPx < weakestSigmaPx) return;
  const radius = Math.ceil(reach * sigmaPx);
  fillKernel(sigmaPx, radius);
  if (between.length < height * width) between = new Float64Array(height * width);
  if (padded.length < width + 2 * radius) padded = new Float64Array(width + 2 * radius);
  for (let channel = 0; channel < channels; channel++) {
    const plane = outOffset + channel * height * width;
    for (let y = 0; y < height; y++) blurDown(out, plane, y, height, width, radius);
    for (let y = 0; y < height; y++) blurAlong(out, plane + y * width, y * width, width, radius);
  }
}

/** kernel[k] is the weight of both neighbours at distance k; all 2·radius + 1 weights sum to 1. */
function fillKernel(sigmaPx: number, radius: number): void {
  if (kernel.length <= radius) kernel = new Float64Array(radius + 1);
  let sum = 0;
  for (let k = 0; k <= radius; k++) {
    const weight = Math.exp((-k * k) / (2 * sigmaPx * sigmaPx));
    kernel[k] = weight;
    sum += k === 0 ? weight : 2 * weight;
  }
  for (let k = 0; k <= radius; k++) kernel[k] = (kernel[k] as number) / sum;
}

/** Row y of the plane, each sample blended with those above and below it → the same row of `between`. */
function blurDown(out: Float32Array, plane: number, y: number, height: number, width: number, radius: number): void {
  // A module's variable is looked up anew at every use; a local one is not.
  const result = between;
  const row = y * width;
  const centre = kernel[0] as number;
  for (let x = 0; x < width; x++) result[row + x] = centre * (out[plane + row + x] as number);
  for (let k = 1; k <= radius; k++) {
    const weight = kernel[k] as number;
    const above = plane + Math.max(0, y - k) * width;
    const below = plane + Math.min(height - 1, y + k) * width;
    for (let x = 0; x < width; x++) result[row + x] = (result[row + x] as number) + weight * ((out[above + x] as number) + (out[below + x] as number));
  }
}

/** A row of `between`, each sample blended with those beside it → `out`. */
function blurAlong(out: Float32Array, outRow: number, row: number, width: number, radius: number): void {
  const source = between;
  const line = padded;
  const weights = kernel;
  const last = row + width - 1;
  for (let x = -radius; x < width + radius; x++) line[radius + x] = source[x < 0 ? row : x >= width ? last : row + x] as number;
  for (let x = 0; x < width; x++) {
    const at = radius + x;
    let sum = (weights[0] as number) * (line[at] as number);
    for (let k = 1; k <= radius; k++) sum += (weights[k] as number) * ((line[at - k] as number) + (line[at + k] as number));
    out[outRow + x] = sum;
  }
}
