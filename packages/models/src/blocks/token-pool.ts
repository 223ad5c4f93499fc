/** Tokens to one vector. */
import { flatten, reduceMean, slice, type Value } from '@mien/engine';

/** `mean`: of all tokens; `token`: the first, which stands for the whole. x [N,T,D] → [N,D]. */
export function poolTokens(x: Value, pool: 'mean' | 'token'): Value {
  return flatten(pool === 'token' ? slice(x, 1, 0, 1) : reduceMean(x, [1]));
}
