/** The files an ablation or a sweep leaves: its table as Markdown, CSV and JSON, and as a picture. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';
import { writeAtomically } from '../run-folder.ts';
import { drawSummary } from './draw-summary.ts';
import { formatCsv, formatMarkdown } from './format-summary.ts';
import type { AblationSummary } from './summarise.ts';

export interface ResultFiles {
  readonly markdown: string;
  readonly csv: string;
  readonly json: string;
  readonly png: string;
}

/** Drawn at twice its size, for screens that show two pixels for one. */
const pixelsPerInch = 144;

/** Writes `results.md`, `results.csv`, `results.json` and `results.png` into `out`; `notes` are paragraphs under the table. */
export async function writeResults(summary: AblationSummary & { readonly notes?: readonly string[] }, out: string): Promise<ResultFiles> {
  const [markdown, csv, json, png] = ['md', 'csv', 'json', 'png'].map((ending) => join(out, `results.${ending}`)) as [string, string, string, string];
  const files = { markdown, csv, json, png };
  writeAtomically(files.markdown, formatMarkdown(summary));
  writeAtomically(files.csv, formatCsv(summary));
  writeAtomically(files.json, `${JSON.stringify(summary, null, 2)}\n`);
  const { default: sharp } = await import('sharp');
  writeAtomically(
    files.png,
    await sharp(Buffer.from(drawSummary(summary)), { density: pixelsPerInch })
      .png({ compressionLevel: 9 })
      .toBuffer(),
  );
  return files;
}

interface Place {
  readonly document: string;
  /** Where the table begins and ends. */
  readonly from: number;
  readonly to: number;
}

/** The place of an ablation's table in a Markdown file. Throws `UserError` where it is not marked. */
export function findPlace(file: string, name: string): Place {
  const [begin, end] = [`<!-- ablation ${name} -->`, `<!-- /ablation ${name} -->`];
  const document = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  const [from, to] = [document?.indexOf(begin) ?? -1, document?.indexOf(end) ?? -1];
  if (document === undefined || from < 0 || to < from) {
    throw new UserError(
      'no-place',
      `${file}: expected the marks ${begin} and ${end} around the place of the table; ${document === undefined ? 'there is no such file' : 'add them'}`,
    );
  }
  return { document, from: from + begin.length, to };
}

/** Puts the table into a Markdown file that marks its place, instead of what stands there. Throws `UserError` where the marks are missing. */
export function updateDocument(file: string, summary: AblationSummary): void {
  const { document, from, to } = findPlace(file, summary.name);
  // The document has headings of its own.
  const body = formatMarkdown(summary).replace(/^# .*\n+/, '');
  writeAtomically(file, `${document.slice(0, from)}\n\n${body}\n${document.slice(to)}`);
}
