import { describe, it } from 'vitest';
import { checkGradients } from '../../test/finite-differences.ts';
import { relu, sigmoid, tanh } from './activation.ts';

describe.each([
  ['relu', relu],
  ['sigmoid', sigmoid],
  ['tanh', tanh],
] as const)('%s', (_, op) => {
  it.each([[[]], [[7]], [[1, 3, 5, 1]], [[2, 3, 4]]])('gradient at %j', (shape) => checkGradients({ inputs: { x: shape }, build: (v) => op(v.x!) }));
  it('twice over', () => checkGradients({ inputs: { x: [3, 5] }, build: (v) => op(op(v.x!)) }));
});
