import { expect, it } from 'vitest';
import { TimeLeft } from './time-left.ts';

const works = [
  { step: 100, imagesPerStep: 20, features: 5, stepsPerEpoch: 10, validation: 50, before: 0, total: 2 * (1000 + 50) },
  { step: 300, imagesPerStep: 20, features: 0, stepsPerEpoch: 10, validation: 50, before: 0, total: 4 * (3000 + 50) },
];

it('counts the steps of this stage as measured, its validations and the stages after it by what they compute', () => {
  const plain = [{ ...works[0]!, features: 0 }, works[1]!];
  const left = new TimeLeft({ works: plain, stage: 0, epochs: 2, keepsFeatures: false });
  // 100 operations take 0.5 s: 200 a second. One epoch of 10 steps and 5 steps are left, two validations, all of stage two.
  expect(left.from({ epoch: 0, step: 5 }, 10, 0.5)).toBeCloseTo(15 * 0.5 + 100 / 200 + 12_200 / 200);
  expect(new TimeLeft({ works, stage: 1, epochs: 4, keepsFeatures: false }).from({ epoch: 3, step: 9 }, 10, 3)).toBeCloseTo(3 + 50 / 100);
});

it('where features are kept, the network is as fast as it was when it made them', () => {
  const left = new TimeLeft({ works, stage: 0, epochs: 2, keepsFeatures: true });
  expect(left.from({ epoch: 0, step: 0 }, 10, 0.001)).toBeCloseTo(20 * 0.001);
  left.features(64, 1000);
  left.features(128, 3000);
  // 64 images of 5 operations in two seconds.
  expect(left.from({ epoch: 0, step: 0 }, 10, 0.001)).toBeCloseTo(20 * 0.001 + (100 + 12_200) / 160);
});

it('where features are too many to be kept, a step computes the frozen part of its images too', () => {
  const left = new TimeLeft({ works, stage: 0, epochs: 2, keepsFeatures: false });
  // 100 operations, and 20 images of 5, take a second.
  expect(left.from({ epoch: 0, step: 0 }, 10, 1)).toBeCloseTo(20 + (100 + 12_200) / 200);
});
