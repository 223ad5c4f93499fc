/** Just enough SVG: elements as strings, escaped. */

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Text for HTML and SVG, in an element or an attribute. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Two decimals: finer than a screen shows. */
const short = (value: string | number): string => (typeof value === 'number' ? String(Math.round(value * 100) / 100) : escapeText(value));

/** An element; `children` are markup already. Attributes that are undefined are left out. */
export function el(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${short(value)}"`]));
  return `<${name}${written.join('')}${children.length ? `>${children.join('')}</${name}>` : '/>'}`;
}

/** A line of text; `anchor` as in SVG. */
export function label(text: string, x: number, y: number, attributes: Attributes = {}): string {
  return el('text', { x, y, ...attributes }, escapeText(text));
}

/** A picture with a name and a description for those who do not see it. */
export interface Plot {
  /** As a file name: `reliability`. */
  readonly name: string;
  readonly title: string;
  /** What the plot shows, in a sentence or two, with its main figures. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  /** Markup inside the `<svg>`. */
  readonly content: string;
}

/** What a plot says over itself where no page stands around it. */
export interface PlotHeading {
  readonly subtitle: string;
  /** Names of the first and the second model, by colour. */
  readonly legend?: readonly [string, string];
  /** A warning that must not get lost. */
  readonly mark?: string;
}

export interface Standalone {
  readonly paper: string;
  readonly ink: string;
  readonly first: string;
  readonly second: string;
  readonly quiet: string;
  readonly heading?: PlotHeading;
}

function drawHeading(title: string, { subtitle, legend, mark }: PlotHeading, { quiet, first, second }: Standalone): { markup: string; height: number } {
  const lines = [
    label(title, 4, 18, { 'font-size': 15, 'font-weight': 600 }),
    label(mark ? `${mark}: ${subtitle}` : subtitle, 4, 36, mark ? { fill: second, 'font-weight': 600 } : { fill: quiet }),
  ];
  if (!legend) return { markup: lines.join(''), height: 48 };
  const [a, b] = legend;
  const at = 26 + 7 * a.length;
  const key = (x: number, text: string, fill: string): string => el('circle', { cx: x, cy: 50, r: 4.5, fill }) + label(text, x + 9, 54);
  return { markup: [...lines, key(9, a, first), key(at + 9, b, second)].join(''), height: 66 };
}

/** The whole plot as SVG. `standalone` adds what a file of its own needs: namespace, size, a paper and a heading. */
export function renderPlot({ name, title, description, width, height, content }: Plot, standalone?: Standalone): string {
  const heading = standalone?.heading && drawHeading(title, standalone.heading, standalone);
  const whole = height + (heading?.height ?? 0);
  const [titleId, descriptionId] = [`plot-${name}-title`, `plot-${name}-description`];
  return el(
    'svg',
    {
      viewBox: `0 0 ${width} ${whole}`,
      role: 'img',
      'aria-labelledby': `${titleId} ${descriptionId}`,
      'font-family': 'system-ui, DejaVu Sans, sans-serif',
      'font-size': 12.5,
      fill: standalone?.ink ?? 'currentColor',
      ...(standalone ? { xmlns: 'http://www.w3.org/2000/svg', width, height: whole } : {}),
    },
    el('title', { id: titleId }, escapeText(title)),
    el('desc', { id: descriptionId }, escapeText(description)),
    ...(standalone ? [el('rect', { width, height: whole, fill: standalone.paper })] : []),
    heading ? heading.markup + el('g', { transform: `translate(0 ${heading.height})` }, content) : content,
  );
}
