/** How a run's line is told from the others: a colour, by a class of `styles/train.css`, and, for those who see no colours, a dash. */
export const lineColours = 6;
const dashes = ['', '7 4', '2 4', '10 4 2 4', '14 6'] as const;

export function lineLook(place: number): { readonly style: string; readonly dash: string } {
  return { style: `run-line-${place % lineColours}`, dash: dashes[place % dashes.length]! };
}
