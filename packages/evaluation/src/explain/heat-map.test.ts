import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resizeMap, stretchMap } from './heat-map.ts';
import { mapColour, overlayPng, seenSquare } from './overlay.ts';
import { cardOf } from '../../test/made-up.ts';

describe('heat maps', () => {
  it('resizing keeps a flat map flat and never leaves its values', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 20 }), (height, width, to) => {
        const values = Float32Array.from({ length: height * width }, (_, i) => Math.fround(Math.sin(i * 3)));
        const out = resizeMap({ height, width, values }, to, to + 1);
        expect(out.values).toHaveLength(to * (to + 1));
        expect(Math.max(...out.values)).toBeLessThanOrEqual(Math.max(...values) + 1e-6);
        expect(Math.min(...out.values)).toBeGreaterThanOrEqual(Math.min(...values) - 1e-6);
      }),
    );
  });

  it('the same size is the same map', () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    expect([...resizeMap({ height: 2, width: 3, values }, 2, 3).values]).toEqual([...values]);
  });

  it('stretches to 0…1, a flat map to 0', () => {
    expect([...stretchMap({ height: 1, width: 3, values: Float32Array.of(-1, 0, 3) }).values]).toEqual([0, 0.25, 1]);
    expect([...stretchMap({ height: 1, width: 2, values: Float32Array.of(5, 5) }).values]).toEqual([0, 0]);
  });
});

describe('overlay', () => {
  it('colours grow lighter with the value', () => {
    const lightness = Array.from({ length: 21 }, (_, i) => mapColour(i / 20)).map(([r, g, b]) => 0.299 * r + 0.587 * g + 0.114 * b);
    expect(lightness).toEqual(lightness.toSorted((a, b) => a - b));
  });

  it('the network sees the middle of the crop', () => {
    const { preprocessing } = cardOf({}, 44);
    expect(seenSquare({ x: 10, y: 20, width: 96, height: 96 }, { ...preprocessing, resizeTo: [48, 48] })).toEqual({ x: 14, y: 24, width: 88, height: 88 });
  });

  it('is a PNG of two panels and a legend', async () => {
    const png = await overlayPng({
      image: { width: 8, height: 8, channels: 1, data: new Uint8Array(64).fill(90) },
      square: { x: 0, y: 0, width: 8, height: 8 },
      map: { height: 2, width: 2, values: Float32Array.of(0, 1, 2, 3) },
      caption: ['a < b', 'c & d'],
    });
    expect([...png.subarray(1, 4)]).toEqual([0x50, 0x4e, 0x47]);
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([784, 452]);
  });
});
