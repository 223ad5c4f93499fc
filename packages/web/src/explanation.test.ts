import { expect, test } from 'vitest';
import { balanced, stretched, whereItLooked, whyLabel, whyNot } from './explanation.ts';

/** Two labels over 2×3 places. */
const activation = { shape: [2, 2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6, 6, 5, 4, 3, 2, 1) };

test('why a label: its own map, row by row', () => {
  expect(whyLabel({ activation }, 1)).toEqual({ width: 3, height: 2, values: Float32Array.of(6, 5, 4, 3, 2, 1) });
});

test('why not another: place by place what speaks for the one and against the other; turned round, the opposite', () => {
  const { values } = whyNot({ activation }, 0, 1)!;
  expect([...values]).toEqual([-5, -3, -1, 1, 3, 5]);
  expect([...whyNot({ activation }, 1, 0)!.values]).toEqual([...values].map((v) => -v));
  // Its mean is the lead in logits, the biases aside.
  const mean = (grid: Float32Array): number => grid.reduce((a, b) => a + b) / grid.length;
  expect(mean(values)).toBeCloseTo(mean(whyLabel({ activation }, 0)!.values) - mean(whyLabel({ activation }, 1)!.values), 6);
});

test('stretched to 0…1; a flat map is empty', () => {
  expect([...stretched({ width: 3, height: 1, values: Float32Array.of(-1, 0, 3) }).values]).toEqual([0, 0.25, 1]);
  expect([...stretched({ width: 2, height: 1, values: Float32Array.of(7, 7) }).values]).toEqual([0, 0]);
});

test('balanced to −1…1: the sign says for which of the two; zeros stay zeros', () => {
  expect([...balanced({ width: 3, height: 1, values: Float32Array.of(-4, 0, 2) }).values]).toEqual([-1, 0, 0.5]);
  expect([...balanced({ width: 2, height: 1, values: new Float32Array(2) }).values]).toEqual([0, 0]);
});

test('a network without such maps gives none', () => {
  expect(whyLabel({}, 0)).toBeUndefined();
  expect(whyNot({}, 0, 1)).toBeUndefined();
  expect(whereItLooked({})).toBeUndefined();
  expect(whereItLooked({ attention: { shape: [1, 1, 2], data: Float32Array.of(0.2, 0.8) } })!.values).toEqual(Float32Array.of(0.2, 0.8));
});
