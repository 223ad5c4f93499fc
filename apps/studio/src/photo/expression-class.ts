/** The style of an expression: its colour comes from `styles/faces.css`. */
export function expressionClass(expression: string): string {
  return `expression-${expression}`;
}
