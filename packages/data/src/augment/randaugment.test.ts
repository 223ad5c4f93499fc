import { describe, expect, it } from 'vitest';
import { randomFor } from '../random.ts';
import { compileAugmentation, evaluationImage, type Geometry } from './compile.ts';
import type { AugmentationInput } from './schema.ts';

const geometry: Geometry = { channels: 1, height: 48, width: 48, outHeight: 48, outWidth: 48 };
const size = 48 * 48;
const src = Uint8Array.from({ length: size }, (_, i) => 60 + ((i * 31) % 120));
const plain = new Float32Array(size);
evaluationImage(geometry)(src, 0, plain, 0);

/** Mean absolute difference to the plain image, over samples that differ by their key alone. */
function differences(list: AugmentationInput, samples = 200): number[] {
  const apply = compileAugmentation(list, geometry);
  const out = new Float32Array(size);
  return Array.from({ length: samples }, (_, row) => {
    apply(src, 0, randomFor(1, 'augment', 0, row), out, 0);
    return out.reduce((sum, value, i) => sum + Math.abs(value - plain[i]!), 0) / size;
  });
}

describe('randaugment', () => {
  it('of magnitude 0 changes nothing', () => {
    expect(Math.max(...differences([{ op: 'randaugment', n: 3, m: 0 }]))).toBe(0);
  });

  it('changes the more the larger the magnitude and the count, and one op in eleven leaves the image alone', () => {
    const mean = (list: AugmentationInput) => differences(list).reduce((sum, value) => sum + value, 0) / 200;
    const [weak, strong, many] = [
      mean([{ op: 'randaugment', n: 1, m: 3 }]),
      mean([{ op: 'randaugment', n: 1, m: 10 }]),
      mean([{ op: 'randaugment', n: 4, m: 10 }]),
    ];
    expect(weak).toBeGreaterThan(0);
    expect(strong).toBeGreaterThan(weak);
    expect(many).toBeGreaterThan(strong);
    const alone = differences([{ op: 'randaugment', n: 1, m: 10 }], 1100).filter((difference) => difference === 0).length;
    expect(alone).toBeGreaterThan(50);
    expect(alone).toBeLessThan(160);
  });

  it('depends on the random stream alone, whatever sample came before', () => {
    const list: AugmentationInput = [{ op: 'flip' }, { op: 'randaugment', n: 3, m: 7 }, { op: 'brightness' }, { op: 'cutout' }];
    const apply = compileAugmentation(list, geometry);
    const alone = new Float32Array(size);
    const after = new Float32Array(size);
    apply(src, 0, randomFor(5), alone, 0);
    apply(src, 0, randomFor(6), after, 0);
    apply(src, 0, randomFor(5), after, 0);
    expect(after).toEqual(alone);
    expect(alone.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  it('stands once, between geometry and values', () => {
    const message = (list: AugmentationInput) => () => compileAugmentation(list, geometry);
    expect(message([{ op: 'brightness' }, { op: 'randaugment' }])).toThrow(/randaugment must stand before brightness/);
    expect(message([{ op: 'randaugment' }, { op: 'randaugment' }])).toThrow(/one randaugment/);
    expect(message([{ op: 'randaugment', m: 11 }])).toThrow(/\[m\]/);
  });
});
