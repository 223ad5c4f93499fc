/**
 * The colours of `styles/expressions.css` where there is no style to ask: on a canvas. Over a picture they are the light page's,
 * whatever the page's are. Okabe and Ito (2008).
 */
const colours: Readonly<Record<string, string>> = {
  'expression-angry': '#d55e00',
  'expression-disgust': '#009e73',
  'expression-fear': '#cc79a7',
  'expression-happy': '#e69f00',
  'expression-sad': '#0072b2',
  'expression-surprise': '#56b4e9',
  'expression-neutral': '#a3a19b',
  'expression-own-0': '#0072b2',
  'expression-own-1': '#e69f00',
  'expression-own-2': '#009e73',
  'expression-own-3': '#cc79a7',
  'expression-own-4': '#56b4e9',
  'expression-own-5': '#d55e00',
  'expression-own-6': '#a3a19b',
};
/** The one that dark text cannot be read on. */
const dark = '#0072b2';

export interface ExpressionColour {
  readonly fill: string;
  /** Of text on it. */
  readonly text: string;
}

/** `styleClass`: what `expressionClass` gives. Throws on any other. */
export function expressionColour(styleClass: string): ExpressionColour {
  const fill = colours[styleClass];
  if (!fill) throw new Error(`no colour for ${styleClass}`);
  return { fill, text: fill === dark ? '#ffffff' : '#111111' };
}
