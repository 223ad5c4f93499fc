import { describe, expect, it } from 'vitest';
import { coverRegion, faceRegionNames, regionArea } from './face-regions.ts';

describe('coverRegion', () => {
  it.each(faceRegionNames)('%s covers its part with the mean, and no other', (region) => {
    const side = 48;
    const pixels = Uint8Array.from({ length: side * side }, (_, p) => (p * 7) % 251);
    const before = pixels.slice();
    const mean = Math.round(before.reduce((a, b) => a + b, 0) / before.length);
    coverRegion(pixels, { channels: 1, height: side, width: side }, region);
    const changed = [...pixels.keys()].filter((p) => pixels[p] !== before[p]);
    expect(new Set(changed.map((p) => pixels[p]))).toEqual(new Set([mean]));
    expect(changed.length / pixels.length).toBeLessThanOrEqual(regionArea(region) + 0.02);
    expect(changed.length / pixels.length).toBeGreaterThan(regionArea(region) - 0.05);
  });

  it('takes the mean of each colour', () => {
    const pixels = Uint8Array.of(10, 30, 10, 30, 100, 200, 100, 200);
    coverRegion(pixels, { channels: 2, height: 2, width: 2 }, 'left half');
    expect([...pixels]).toEqual([20, 30, 20, 30, 150, 200, 150, 200]);
  });
});
