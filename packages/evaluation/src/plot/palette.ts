/** The colours of plots: names in a page, so that they follow its light or dark room, and plain colours in files. */

export interface Palette {
  readonly paper: string;
  readonly ink: string;
  /** Axis text. */
  readonly quiet: string;
  /** Grid and frames. */
  readonly line: string;
  /** The model. Blue and orange keep apart for every kind of colour vision. */
  readonly first: string;
  /** The other model, and what is to be compared with. */
  readonly second: string;
  /** How strong `first` may be below text in `ink`, so that the text keeps a contrast of 4.5. */
  readonly shade: string;
}

export const pagePalette: Palette = {
  paper: 'var(--paper)',
  ink: 'var(--ink)',
  quiet: 'var(--quiet)',
  line: 'var(--line)',
  first: 'var(--first)',
  second: 'var(--second)',
  shade: 'var(--shade)',
};

/** Dark on white, for print. */
export const paperPalette: Palette = {
  paper: '#ffffff',
  ink: '#1b1d21',
  quiet: '#5a616b',
  line: '#dfe2e7',
  first: '#1f5fa8',
  second: '#c75a10',
  shade: '0.74',
};
