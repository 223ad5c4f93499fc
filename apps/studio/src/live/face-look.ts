/** How a face is told from the others on the screen: a colour and, for those who see no colours, a shape. */

/** Okabe and Ito (2008). */
const colours = ['#56b4e9', '#e69f00', '#009e73', '#cc79a7', '#f0e442', '#d55e00', '#0072b2'] as const;
const shapes = ['●', '■', '▲', '◆', '★'] as const;

export interface FaceLook {
  readonly colour: string;
  readonly shape: string;
}

/** The same for the same id; the first 35 ids all differ. */
export function faceLook(id: number): FaceLook {
  const at = Math.max(0, id - 1);
  return { colour: colours[at % colours.length]!, shape: shapes[at % shapes.length]! };
}
