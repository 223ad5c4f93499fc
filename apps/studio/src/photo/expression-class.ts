/** The style of an expression: its colour comes from `styles/expressions.css`. */
import { strings } from '../strings.ts';

/** Colours for classes of one's own. */
const ownColours = 7;

/** `place` among the labels tells classes of one's own apart. */
export function expressionClass(label: string, place: number): string {
  return Object.hasOwn(strings.expressions, label) ? `expression-${label}` : `expression-own-${place % ownColours}`;
}

/** The place of the expression that a face shows. */
export function placeOf({ expression, probabilities }: { readonly expression: string; readonly probabilities: Readonly<Record<string, number>> }): number {
  return Object.keys(probabilities).indexOf(expression);
}
