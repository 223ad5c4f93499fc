import { UserError } from '@mien/runtime';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Rng, randomFor } from '../random.ts';
import { compileAugmentation, evaluationImage, type Geometry } from './compile.ts';
import type { AugmentationInput } from './schema.ts';

const faces: Geometry = { channels: 1, height: 48, width: 48, outHeight: 48, outWidth: 48 };

/** Draws that are all as high as can be: the largest angle, shift and zoom. */
const highest: Rng = { next: () => 1 - 2 ** -32, int: (n) => n - 1, normal: () => 0 };

function randomImage(geometry: Geometry, seed: number): Uint8Array {
  const rng = randomFor('image', seed);
  return Uint8Array.from({ length: geometry.channels * geometry.height * geometry.width }, () => rng.int(256));
}

function outSize(geometry: Geometry): number {
  return geometry.channels * geometry.outHeight * geometry.outWidth;
}

function augment(list: AugmentationInput, geometry: Geometry, src: Uint8Array, ...keys: number[]): Float32Array {
  const out = new Float32Array(outSize(geometry));
  compileAugmentation(list, geometry)(src, 0, randomFor('augment', ...keys), out, 0);
  return out;
}

function evaluate(geometry: Geometry, src: Uint8Array): Float32Array {
  const out = new Float32Array(outSize(geometry));
  evaluationImage(geometry)(src, 0, out, 0);
  return out;
}

const anyGeometry = fc
  .record({
    channels: fc.constantFrom(1, 3),
    outHeight: fc.integer({ min: 1, max: 9 }),
    outWidth: fc.integer({ min: 1, max: 9 }),
    moreHeight: fc.nat(3),
    moreWidth: fc.nat(3),
  })
  .map(({ moreHeight, moreWidth, ...rest }): Geometry => ({ ...rest, height: rest.outHeight + moreHeight, width: rest.outWidth + moreWidth }));

describe('geometry', () => {
  it('changes nothing where nothing is asked for: v / 255 of the central window, exactly', () => {
    fc.assert(
      fc.property(anyGeometry, fc.nat(), (geometry, seed) => {
        const { channels, height, width, outHeight, outWidth } = geometry;
        const src = randomImage(geometry, seed);
        const top = Math.floor((height - outHeight) / 2);
        const left = Math.floor((width - outWidth) / 2);
        const expected = new Float32Array(outSize(geometry));
        for (let c = 0, i = 0; c < channels; c++) {
          for (let y = 0; y < outHeight; y++) for (let x = 0; x < outWidth; x++) expected[i++] = src[(c * height + y + top) * width + x + left]! / 255;
        }
        expect(evaluate(geometry, src)).toEqual(expected);
        expect(augment([], geometry, src)).toEqual(expected);
        expect(augment([{ op: 'affine' }, { op: 'flip', probability: 0 }], geometry, src)).toEqual(expected);
      }),
    );
  });

  it('flips exactly, and twice is nothing', () => {
    fc.assert(
      fc.property(anyGeometry, fc.nat(), (anySize, seed) => {
        const geometry = { ...anySize, outHeight: anySize.height, outWidth: anySize.width };
        const { width } = geometry;
        const src = randomImage(geometry, seed);
        const mirrored = src.map((_, i) => src[i - (i % width) + width - 1 - (i % width)]!);
        expect(augment([{ op: 'flip', probability: 1 }], geometry, src)).toEqual(evaluate(geometry, mirrored));
        expect(
          augment(
            [
              { op: 'flip', probability: 1 },
              { op: 'flip', probability: 1 },
            ],
            geometry,
            src,
          ),
        ).toEqual(evaluate(geometry, src));
      }),
    );
  });

  it('a constant image stays constant under any warp that fills from the image', () => {
    const src = new Uint8Array(48 * 48).fill(137);
    for (const fill of ['nearest', 'reflect'] as const) {
      const out = augment([{ op: 'affine', rotateDeg: 180, shift: 0.5, zoom: [0.3, 3], fill }], faces, src, 3);
      for (const value of out) expect(value).toBeCloseTo(137 / 255, 6);
    }
  });

  it('zoom above 1 makes the face larger', () => {
    const square = new Uint8Array(48 * 48);
    for (let y = 16; y < 32; y++) square.fill(255, y * 48 + 16, y * 48 + 32);
    const area = (zoom: number) => augment([{ op: 'affine', zoom: [zoom, zoom] }], faces, square).reduce((sum, value) => sum + value, 0);
    expect(area(1)).toBe(256);
    expect(area(1.5)).toBeCloseTo(256 * 1.5 ** 2, -1);
    expect(area(0.5)).toBeCloseTo(256 / 4, -1);
  });

  it('stays within the limits asked for: a spot ends where rotation and shift can bring it', () => {
    const spot = new Uint8Array(48 * 48);
    spot[24 * 48 + 44] = 255;
    for (let seed = 0; seed < 200; seed++) {
      const out = augment([{ op: 'affine', rotateDeg: 10, shift: [0.02, 0.02] }], faces, spot, seed);
      let mass = 0;
      let x = 0;
      let y = 0;
      for (const [i, value] of out.entries()) {
        mass += value;
        x += value * (i % 48);
        y += value * Math.floor(i / 48);
      }
      const angle = (Math.atan2(y / mass - 23.5, x / mass - 23.5) * 180) / Math.PI;
      // The spot stands at 1.4°, is turned by at most 10° and moved by at most 0.96 px, which is 2.8° at its radius.
      expect(Math.abs(angle)).toBeLessThan(14.5);
    }
  });

  it('rotates by quarter turns exactly, about the centre', () => {
    const geometry: Geometry = { channels: 1, height: 3, width: 3, outHeight: 3, outWidth: 3 };
    const quarter = compileAugmentation([{ op: 'affine', rotateDeg: 90 }], geometry);
    const out = new Float32Array(9);
    quarter(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]), 0, highest, out, 0);
    expect([...out].map((value) => Math.round(value * 255))).toEqual([7, 4, 1, 8, 5, 2, 9, 6, 3]);
  });

  it('shifts by pixels of the stored image', () => {
    const row: Geometry = { channels: 1, height: 1, width: 4, outHeight: 1, outWidth: 4 };
    const out = new Float32Array(4);
    compileAugmentation([{ op: 'affine', shiftPx: [2, 0] }], row)(Uint8Array.from([10, 20, 30, 40]), 0, highest, out, 0);
    expect([...out].map((value) => Math.round(value * 255))).toEqual([10, 10, 10, 20]);
  });

  it('slants about the centre: the middle row stays, the others move against each other', () => {
    const line: Geometry = { channels: 1, height: 5, width: 5, outHeight: 5, outWidth: 5 };
    const src = Uint8Array.from({ length: 25 }, (_, i) => (i % 5 === 2 ? 255 : 0));
    const out = new Float32Array(25);
    compileAugmentation([{ op: 'affine', shearDeg: 45 }], line)(src, 0, highest, out, 0);
    const bright = [0, 1, 2, 3, 4].map((y) => out.subarray(y * 5, y * 5 + 5).findIndex((value) => value > 0.99));
    expect(bright).toEqual([0, 1, 2, 3, 4]);
  });

  it('fills beyond the edge as asked', () => {
    const row: Geometry = { channels: 1, height: 1, width: 4, outHeight: 1, outWidth: 4 };
    const shifted = (fill: 'nearest' | 'reflect' | 'constant') => {
      const out = new Float32Array(4);
      const list: AugmentationInput = [{ op: 'affine', shift: [0.5, 0], fill, value: 0.2 }];
      compileAugmentation(list, row)(Uint8Array.from([10, 20, 30, 40]), 0, highest, out, 0);
      return [...out].map((value) => Math.round(value * 255));
    };
    expect(shifted('nearest')).toEqual([10, 10, 10, 20]);
    expect(shifted('reflect')).toEqual([20, 10, 10, 20]);
    expect(shifted('constant')).toEqual([51, 51, 10, 20]);
  });

  it('crops every window that fits, and no other', () => {
    const geometry: Geometry = { channels: 1, height: 4, width: 6, outHeight: 3, outWidth: 3 };
    const src = Uint8Array.from({ length: 24 }, (_, i) => i);
    const corners = new Set<number>();
    for (let seed = 0; seed < 400; seed++) corners.add(Math.round(augment([{ op: 'crop' }], geometry, src, seed)[0]! * 255));
    expect([...corners].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 6, 7, 8, 9]);
  });
});

describe('values', () => {
  it('brightness multiplies and clips, contrast keeps the mean', () => {
    const src = randomImage(faces, 1);
    const plain = evaluate(faces, src);
    const bright = augment([{ op: 'brightness', range: [1.5, 1.5] }], faces, src);
    for (const [i, value] of plain.entries()) expect(bright[i]).toBeCloseTo(Math.min(1, value * 1.5), 5);
    const mean = (image: Float32Array) => image.reduce((sum, value) => sum + value, 0) / image.length;
    expect(mean(augment([{ op: 'contrast', range: [0.5, 0.5] }], faces, src))).toBeCloseTo(mean(plain), 5);
  });

  it('cutout covers at most its square, in every channel alike', () => {
    const colour = { ...faces, channels: 3 };
    const src = new Uint8Array(3 * 48 * 48).fill(255);
    for (let seed = 0; seed < 50; seed++) {
      const out = augment([{ op: 'cutout', probability: 1, size: 0.25, value: 0 }], colour, src, seed);
      const holes = [0, 1, 2].map((c) => out.subarray(c * 2304, (c + 1) * 2304).reduce((sum, value) => sum + (value === 0 ? 1 : 0), 0));
      expect(holes[0]).toBeGreaterThanOrEqual(36);
      expect(holes[0]).toBeLessThanOrEqual(144);
      expect(new Set(holes).size).toBe(1);
    }
  });
});

describe('ranges of cutout', () => {
  it('draw the count and each size, and no other number', () => {
    const white = new Uint8Array(48 * 48).fill(255);
    const black = (op: Partial<Extract<AugmentationInput[number], { op: 'cutout' }>>, seed: number) =>
      augment([{ op: 'cutout', probability: 1, value: 0, ...op }], faces, white, seed).reduce((sum, value) => sum + (value === 0 ? 1 : 0), 0);
    const areas = Array.from({ length: 100 }, (_, seed) => black({ holes: [1, 4], size: [0.05, 0.1] }, seed));
    expect(Math.max(...areas)).toBeLessThanOrEqual(4 * 25);
    expect(Math.min(...areas)).toBeGreaterThanOrEqual(1);
    expect(new Set(areas).size).toBeGreaterThan(20);
    expect(black({ holes: [2, 2], size: [0.25, 0.25] }, 1)).toBeLessThanOrEqual(2 * 144);
  });
});

describe('compileAugmentation', () => {
  const list: AugmentationInput = [
    { op: 'flip' },
    { op: 'affine', rotateDeg: 10, shift: 0.08, zoom: [0.92, 1.08] },
    { op: 'crop' },
    { op: 'brightness' },
    { op: 'cutout' },
  ];
  const geometry = { ...faces, outHeight: 44, outWidth: 44 };

  it('depends on its random stream alone and writes nowhere else', () => {
    const src = new Uint8Array(3 * 2304);
    src.set(randomImage(faces, 5), 2304);
    const apply = compileAugmentation(list, geometry);
    const out = new Float32Array(3 * 1936).fill(-1);
    apply(src, 0, randomFor(9), out, 0);
    out.fill(-1);
    apply(src, 2304, randomFor('augment', 1, 2), out, 1936);
    expect(out.subarray(1936, 3872)).toEqual(augment(list, geometry, src.subarray(2304, 4608), 1, 2));
    expect(out.subarray(1936, 3872)).not.toEqual(augment(list, geometry, src.subarray(2304, 4608), 1, 3));
    expect([...out.subarray(0, 1936), ...out.subarray(3872)].every((value) => value === -1)).toBe(true);
    expect(out.subarray(1936, 3872).every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  it('draws the same for the other operations when one is given another probability', () => {
    const src = randomImage(faces, 6);
    const crop = (probability: number) =>
      augment([{ op: 'affine', probability: 0 }, { op: 'flip', probability: 0 }, { op: 'crop' }, { op: 'cutout', probability }], geometry, src, 4);
    const [without, withHole] = [crop(0), crop(1)];
    const changed = without.reduce((sum, value, i) => sum + (value === withHole[i] ? 0 : 1), 0);
    expect(changed).toBeLessThanOrEqual(121);
  });

  it('refuses what it cannot do, naming the place', () => {
    const code = (make: () => unknown) => {
      try {
        make();
      } catch (error) {
        return error instanceof UserError ? `${error.code} ${error.message}` : String(error);
      }
      return 'accepted';
    };
    expect(code(() => compileAugmentation([{ op: 'cutout' }, { op: 'flip' }], faces))).toMatch(
      /^bad-augmentation augmentation\[1\]: flip must stand before cutout/,
    );
    expect(code(() => compileAugmentation([{ op: 'flip', probability: 2 }], faces))).toMatch(/^bad-augmentation augmentation\[0\]\[probability\]/);
    expect(code(() => compileAugmentation([{ op: 'affine', rotate: 10 } as never], faces))).toMatch(/^bad-augmentation augmentation\[0\].*rotate/);
    expect(code(() => compileAugmentation([], { ...faces, outHeight: 64 }))).toMatch(/^crop-size .*64×48.*48×48/);
  });
});
