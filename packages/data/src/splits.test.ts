import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stratifiedHoldout } from './splits.ts';

it('divides every row once and holds out the fraction of every class', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(6), { maxLength: 300 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.integer(), (labels, fraction, seed) => {
      const { train, heldOut } = stratifiedHoldout(labels, fraction, seed);
      expect([...train, ...heldOut].sort((a, b) => a - b)).toEqual(labels.map((_, row) => row));
      for (let label = 0; label < 7; label++) {
        const total = labels.filter((each) => each === label).length;
        const held = [...heldOut].filter((row) => labels[row] === label).length;
        expect(Math.abs(held - total * fraction)).toBeLessThanOrEqual(1);
        if (total >= 2 && fraction > 0 && fraction < 1) expect(held > 0 && held < total).toBe(true);
      }
    }),
  );
});

it('keeps all faces of a person on one side', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(6), fc.nat(12)), { minLength: 40, maxLength: 300 }), fc.integer(), (rows, seed) => {
      const [labels, subjects] = [rows.map(([label]) => label), rows.map(([, subject]) => subject)];
      const { train, heldOut } = stratifiedHoldout(labels, 0.3, seed, subjects);
      expect([...train, ...heldOut].sort((a, b) => a - b)).toEqual(labels.map((_, row) => row));
      const learnt = new Set([...train].map((row) => subjects[row]).filter(Boolean));
      for (const row of heldOut) expect(learnt.has(subjects[row])).toBe(false);
    }),
  );
  // Where nobody is known, as without.
  const labels = Uint8Array.from({ length: 100 }, (_, i) => i % 7);
  expect(stratifiedHoldout(labels, 0.2, 1, new Uint32Array(100))).toEqual(stratifiedHoldout(labels, 0.2, 1));
});

it('depends on the seed alone', () => {
  const labels = Uint8Array.from({ length: 500 }, (_, i) => i % 7);
  expect(stratifiedHoldout(labels, 0.2, 1)).toEqual(stratifiedHoldout(labels, 0.2, 1));
  expect(stratifiedHoldout(labels, 0.2, 1)).not.toEqual(stratifiedHoldout(labels, 0.2, 2));
});
