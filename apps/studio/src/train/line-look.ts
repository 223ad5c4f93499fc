/** How a run's line is told from the others: a colour (Okabe and Ito 2008) and, for those who see no colours, a dash. */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'] as const;
const dashes = ['', '7 4', '2 4', '10 4 2 4', '14 6'] as const;

export function lineLook(place: number): { readonly colour: string; readonly dash: string } {
  return { colour: colours[place % colours.length]!, dash: dashes[place % dashes.length]! };
}
