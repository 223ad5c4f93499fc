/** From the class names of a data set to ours. */
import { type Expression, expressions, parseExpression, UserError } from '@mien/runtime';

/** What becomes of classes whose names are not ours: `{ contempt: 'drop', smile: 'happy' }`; keys in any case. */
export type LabelMap = Readonly<Record<string, string>>;

export class LabelResolver {
  readonly #map = new Map<string, Expression | 'drop'>();

  /** @throws UserError `bad-map` when a value is neither an expression nor `drop`. */
  constructor(map: LabelMap = {}) {
    for (const [from, to] of Object.entries(map)) {
      const target = to.trim().toLowerCase() === 'drop' ? 'drop' : parseExpression(to);
      if (!target) throw new UserError('bad-map', `map ${from}=${to}: expected one of ${expressions.join(', ')} or drop`);
      this.#map.set(from.trim().toLowerCase(), target);
    }
  }

  /** Class index 0…6, `drop`, or undefined for a name that nothing is known of. The map goes before our own names. */
  resolve(name: string): number | 'drop' | undefined {
    const expression = this.#map.get(name.trim().toLowerCase()) ?? parseExpression(name);
    return expression === undefined || expression === 'drop' ? expression : expressions.indexOf(expression);
  }
}
