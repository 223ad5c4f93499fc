/** The style of an expression: its colour comes from `styles/expressions.css`. */
export function expressionClass(expression: string): string {
  return `expression-${expression}`;
}
