/** Weather of Hendrycks & Dietterich (2019): snow, frost, fog and brightness. Constants: CIFAR-10-C and Tiny-ImageNet-C. */
import type { Rng } from '@mien/data';
import { clouds } from './clouds.ts';
import { correlate, enlarge, motionTaps } from './filters.ts';
import { constantsFor, type Corrupt, fromPlane, luma, mapValues } from './picture.ts';

/** Flakes: mean, σ and zoom of the noise they are cut from, its threshold, radius and σ of their fall, share of the picture that stays. */
export const snow: Corrupt = (picture, severity, random) => {
  const flakes = [
    [0.1, 0.2, 1, 0.6, 8, 3],
    [0.1, 0.2, 1, 0.5, 10, 4],
    [0.15, 0.3, 1.75, 0.55, 10, 4],
    [0.25, 0.3, 2.25, 0.6, 12, 6],
    [0.3, 0.3, 1.25, 0.65, 14, 12],
  ];
  const stays32 = [0.95, 0.9, 0.9, 0.85, 0.8];
  const stays64 = [0.8, 0.8, 0.7, 0.65, 0.6];
  const rows = (stays: readonly number[]): number[][] => flakes.map((values, i) => [...values, stays[i]!]);
  const [mean, sigma, zoom, threshold, radius, fall, stay] = constantsFor(picture, severity, rows(stays32), rows(stays64)) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const { height, width } = picture;
  const noise = Float32Array.from({ length: height * width }, () => mean + sigma * random.normal());
  const cut = enlarge(noise, height, width, zoom).map((v) => (v < threshold ? 0 : Math.min(1, v)));
  const angle = -Math.PI / 4 - (random.next() * Math.PI) / 2;
  const falling = correlate(cut, height, width, motionTaps(radius, fall, angle), 'repeat');
  const whitened = fromPlane(
    luma(picture).map((v) => 1.5 * v + 0.5),
    picture,
  ).data;
  const plane = height * width;
  return mapValues(picture, (v, at) => {
    const p = at % plane;
    return stay * v + (1 - stay) * Math.max(v, whitened[at]!) + falling[p]! + falling[plane - 1 - p]!;
  });
};

/** Needles of ice: ridges of rough clouds, drawn out along one direction, brightest at the rim of the pane. [H,W], 0…1. */
function ice(height: number, width: number, random: Rng): Float32Array {
  const ridges = clouds(height, width, 1.9, random).map((v) => (1 - Math.abs(2 * v - 1)) ** 2);
  const needles = correlate(ridges, height, width, motionTaps(4, 2, random.next() * 2 * Math.PI), 'mirror');
  return needles.map((v, p) => {
    const [y, x] = [(2 * Math.floor(p / width)) / height - 1, (2 * (p % width)) / width - 1];
    return Math.min(1, v * (0.75 + 0.5 * Math.min(1, Math.hypot(x, y))));
  });
}

/**
 * Share of the picture and of the ice. The published corruption lays photographs of frost over the picture; ours draws its
 * own ice, so that figures of frost compare models measured here, not with published ones.
 */
export const frost: Corrupt = (picture, severity, random) => {
  const [stay, frozen] = constantsFor(
    picture,
    severity,
    [
      [1, 0.2],
      [1, 0.3],
      [0.9, 0.4],
      [0.85, 0.4],
      [0.75, 0.45],
    ],
    [
      [1, 0.3],
      [0.9, 0.4],
      [0.8, 0.45],
      [0.75, 0.5],
      [0.7, 0.55],
    ],
  ) as [number, number];
  const layer = ice(picture.height, picture.width, random);
  return mapValues(picture, (v, at) => stay * v + frozen * layer[at % layer.length]!);
};

/** Thickness of the fog, and by what its small clouds are weaker than its large ones. */
export const fog: Corrupt = (picture, severity, random) => {
  const [thick, decay] = constantsFor(
    picture,
    severity,
    [
      [0.2, 3],
      [0.5, 3],
      [0.75, 2.5],
      [1, 2],
      [1.5, 1.75],
    ],
    [
      [0.4, 3],
      [0.7, 3],
      [1, 2.5],
      [1.5, 2],
      [2, 1.75],
    ],
  ) as [number, number];
  const layer = clouds(picture.height, picture.width, decay, random);
  const brightest = picture.data.reduce((a, b) => Math.max(a, b), 0);
  return mapValues(picture, (v, at) => ((v + thick * layer[at % layer.length]!) * brightest) / (brightest + thick));
};

/** The value of hue, saturation and value is raised. */
export const brightness: Corrupt = (picture, severity) => {
  const [added] = constantsFor(picture, severity, [[0.05], [0.1], [0.15], [0.2], [0.3]], [[0.1], [0.2], [0.3], [0.4], [0.5]]) as [number];
  const { channels, data } = picture;
  const plane = data.length / channels;
  return mapValues(picture, (v, at) => {
    const p = at % plane;
    let value = data[p]!;
    for (let c = 1; c < channels; c++) value = Math.max(value, data[c * plane + p]!);
    const raised = Math.min(1, value + added);
    // Black has no colour: it becomes grey.
    return value > 0 ? (v * raised) / value : raised;
  });
};
