/** Pieces the page is made of. */
import { percentText } from '../plot/scale.ts';
import { escapeText, type Plot, renderPlot } from '../plot/svg.ts';

export const percent = (value: number): string => percentText(value, 1);

/** `62.1 – 65.3 %` */
export function intervalText([low, high]: readonly [number, number], digits = 1): string {
  return `${(100 * low).toFixed(digits)} – ${(100 * high).toFixed(digits)} %`;
}

export function section(id: string, title: string, ...parts: readonly string[]): string {
  return `<section id="${id}" aria-labelledby="${id}-title">\n<h2 id="${id}-title">${escapeText(title)}</h2>\n${parts.filter(Boolean).join('\n')}\n</section>`;
}

export function paragraph(text: string, style = ''): string {
  return `<p${style ? ` class="${style}"` : ''}>${escapeText(text)}</p>`;
}

/** A plot with its description below, for everyone. */
export function figure(plot: Plot): string {
  return `<figure>${renderPlot(plot)}<figcaption><strong>${escapeText(plot.title)}.</strong> ${escapeText(plot.description)}</figcaption></figure>`;
}

export interface TableOptions {
  readonly caption: string;
  readonly head: readonly string[];
  /** The first cell of a row is its header. */
  readonly rows: readonly (readonly string[])[];
}

/** Scrolls by itself on a narrow screen, with the keyboard too. */
export function table({ caption, head, rows }: TableOptions): string {
  const header = head.map((text) => `<th scope="col">${escapeText(text)}</th>`).join('');
  const body = rows.map(
    ([first, ...cells]) => `<tr><th scope="row">${escapeText(first!)}</th>${cells.map((text) => `<td>${escapeText(text)}</td>`).join('')}</tr>`,
  );
  return `<div class="wide" tabindex="0" role="region" aria-label="${escapeText(caption)}"><table><caption>${escapeText(caption)}</caption><thead><tr>${header}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

export function folded(summary: string, content: string): string {
  return `<details><summary>${escapeText(summary)}</summary>${content}</details>`;
}
