/** Digital corruptions of Hendrycks & Dietterich (2019): contrast, elastic, pixelate and JPEG. Constants: CIFAR-10-C and Tiny-ImageNet-C. */
import { gaussianBlur, sample } from './filters.ts';
import { constantsFor, type Corrupt, mapValues, type Picture } from './picture.ts';

/** Every value is drawn towards the mean of its channel; the share of its distance that stays. */
export const contrast: Corrupt = (picture, severity) => {
  const [stays] = constantsFor(picture, severity, [[0.75], [0.5], [0.4], [0.3], [0.15]], [[0.4], [0.3], [0.2], [0.1], [0.05]]) as [number];
  const { channels, data } = picture;
  const plane = data.length / channels;
  const means = Array.from({ length: channels }, (_, c) => data.subarray(c * plane, (c + 1) * plane).reduce((a, b) => a + b, 0) / plane);
  return mapValues(picture, (v, at) => {
    const mean = means[Math.floor(at / plane)]!;
    return mean + stays * (v - mean);
  });
};

type Point = readonly [x: number, y: number];

/** x' = a·x + b·y + c of the affine map that takes three points to three values. */
function affine([p, q, r]: readonly [Point, Point, Point], [u, v, w]: readonly [number, number, number]): [a: number, b: number, c: number] {
  const det = (q[0] - p[0]) * (r[1] - p[1]) - (r[0] - p[0]) * (q[1] - p[1]);
  const a = ((v - u) * (r[1] - p[1]) - (w - u) * (q[1] - p[1])) / det;
  const b = ((q[0] - p[0]) * (w - u) - (r[0] - p[0]) * (v - u)) / det;
  return [a, b, u - a * p[0] - b * p[1]];
}

/** Small regions are stretched: strength and smoothness (σ) of the displacement and reach of a random affine map, all ÷ the side. */
export const elastic: Corrupt = (picture, severity, random) => {
  const [strength, smoothness, reach] = constantsFor(
    picture,
    severity,
    [
      [0, 0, 0.08],
      [0.05, 0.2, 0.07],
      [0.08, 0.06, 0.06],
      [0.1, 0.04, 0.05],
      [0.1, 0.03, 0.03],
    ],
    [
      [0, 0, 0.08],
      [0.05, 0.3, 0.06],
      [0.1, 0.08, 0.06],
      [0.1, 0.03, 0.03],
      [0.16, 0.03, 0.02],
    ],
  ).map((share) => share * Math.min(picture.height, picture.width)) as [number, number, number];
  const { channels, height, width, data } = picture;
  const uniform = (): number => 2 * random.next() - 1;
  const [middleX, middleY, third] = [width >> 1, height >> 1, Math.floor(Math.min(height, width) / 3)];
  const from: readonly [Point, Point, Point] = [
    [middleX + third, middleY + third],
    [middleX + third, middleY - third],
    [middleX - third, middleY - third],
  ];
  const to = from.map(([x, y]) => [x + reach * uniform(), y + reach * uniform()] as Point) as unknown as readonly [Point, Point, Point];
  // The picture's points are moved from → to; sampling goes the other way.
  const [ax, bx, cx] = affine(to, [from[0][0], from[1][0], from[2][0]]);
  const [ay, by, cy] = affine(to, [from[0][1], from[1][1], from[2][1]]);
  const field = (): Float32Array => {
    const noise = Float32Array.from({ length: height * width }, uniform);
    return gaussianBlur(noise, height, width, smoothness, 'reflect', 3).map((v) => v * strength);
  };
  const [dx, dy] = [field(), field()];
  const plane = height * width;
  const out = new Float32Array(data.length);
  for (let c = 0; c < channels; c++) {
    const source = data.subarray(c * plane, (c + 1) * plane);
    const turned = new Float32Array(plane);
    for (let p = 0; p < plane; p++) {
      const [x, y] = [p % width, Math.floor(p / width)];
      turned[p] = sample(source, height, width, ax * x + bx * y + cx, ay * x + by * y + cy, 'mirror');
    }
    for (let p = 0; p < plane; p++) out[c * plane + p] = sample(turned, height, width, (p % width) + dx[p]!, Math.floor(p / width) + dy[p]!, 'reflect');
  }
  return { ...picture, data: out };
};

/** Reduced to a share of its size by means over boxes, and enlarged again by repeating. */
export const pixelate: Corrupt = (picture, severity) => {
  const [share] = constantsFor(picture, severity, [[0.95], [0.9], [0.85], [0.75], [0.65]], [[0.9], [0.8], [0.7], [0.6], [0.5]]) as [number];
  const { channels, height, width, data } = picture;
  const boxOf = (size: number): { of: number[]; boxes: number } => {
    const boxes = Math.max(1, Math.floor(size * share));
    return { boxes, of: Array.from({ length: size }, (_, i) => Math.min(boxes - 1, Math.floor(((i + 0.5) * boxes) / size))) };
  };
  const [across, down] = [boxOf(width), boxOf(height)];
  const out = new Float32Array(data.length);
  for (let c = 0; c < channels; c++) {
    const sums = new Float64Array(across.boxes * down.boxes);
    const counts = new Uint32Array(sums.length);
    const each = (visit: (at: number, box: number) => void): void => {
      for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) visit((c * height + y) * width + x, down.of[y]! * across.boxes + across.of[x]!);
    };
    each((at, box) => {
      sums[box]! += data[at]!;
      counts[box]!++;
    });
    each((at, box) => {
      out[at] = sums[box]! / counts[box]!;
    });
  }
  return { ...picture, data: out };
};

function toBytes({ channels, data }: Picture): Uint8Array {
  const plane = data.length / channels;
  return Uint8Array.from({ length: data.length }, (_, at) =>
    Math.min(255, Math.max(0, Math.round(255 * data[(at % channels) * plane + Math.floor(at / channels)]!))),
  );
}

/** Quality of libjpeg, colours at half resolution. */
export const jpeg: Corrupt = async (picture, severity) => {
  const [quality] = constantsFor(picture, severity, [[80], [65], [58], [50], [40]], [[65], [58], [50], [40], [25]]) as [number];
  const { channels, height, width } = picture;
  const raw = { width, height, channels: channels as 1 | 3 };
  // Loaded at first use: few evaluations corrupt pictures.
  const { default: sharp } = await import('sharp');
  const file = await sharp(toBytes(picture), { raw })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .jpeg({ quality, chromaSubsampling: '4:2:0', optimiseCoding: false })
    .toBuffer();
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  const plane = height * width;
  return mapValues(picture, (_, at) => data[(at % plane) * info.channels + Math.floor(at / plane)]! / 255);
};
