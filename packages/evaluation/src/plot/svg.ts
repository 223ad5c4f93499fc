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

/** The whole plot as SVG. `standalone` adds what a file of its own needs: namespace, size and a paper. */
export function renderPlot({ name, title, description, width, height, content }: Plot, standalone?: { readonly paper: string; readonly ink: string }): string {
  const [titleId, descriptionId] = [`plot-${name}-title`, `plot-${name}-description`];
  return el(
    'svg',
    {
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-labelledby': `${titleId} ${descriptionId}`,
      'font-family': 'system-ui, DejaVu Sans, sans-serif',
      'font-size': 12.5,
      fill: standalone?.ink ?? 'currentColor',
      ...(standalone ? { xmlns: 'http://www.w3.org/2000/svg', width, height } : {}),
    },
    el('title', { id: titleId }, escapeText(title)),
    el('desc', { id: descriptionId }, escapeText(description)),
    ...(standalone ? [el('rect', { width, height, fill: standalone.paper })] : []),
    content,
  );
}
