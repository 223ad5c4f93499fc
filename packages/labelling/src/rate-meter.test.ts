import { expect, it } from 'vitest';
import { RateMeter } from './rate-meter.ts';

it('tells the rate of the last minute', () => {
  const meter = new RateMeter();
  expect(meter.perSecond).toBe(0);
  meter.record(1000, 0);
  expect(meter.perSecond).toBe(0);
  // Ten a second for two minutes, then a hundred a second for one.
  for (let s = 1; s <= 120; s++) meter.record(1000 + 10 * s, 1000 * s);
  expect(meter.perSecond).toBeCloseTo(10);
  for (let s = 1; s <= 60; s++) meter.record(2200 + 100 * s, 120_000 + 1000 * s);
  expect(meter.perSecond).toBeGreaterThan(97);
  expect(meter.perSecond).toBeLessThanOrEqual(100);
});

it('keeps a sample a second at most, and still ends at the newest', () => {
  const meter = new RateMeter();
  for (let i = 0; i <= 10_000; i++) meter.record(i, i);
  expect(meter.perSecond).toBeCloseTo(1000);
});
