/** Results as files, in the form that `mien predict --json` prints, with the model that read each picture and whether it was sure. */
import { csvText } from '../csv-text.ts';
import type { PictureFaces } from '../recognition/messages.ts';
import type { Picture } from './picture-queue.ts';

/** One picture as `mien predict --json` prints it, and what it does not say: there one model reads all pictures. */
export type PredictEntry =
  | ({ readonly file: string; readonly width: number; readonly height: number } & PictureFaces)
  | { readonly file: string; readonly error: { readonly code: string; readonly message: string } };

/** Pictures that are still being read are left out. */
export function predictEntries(pictures: readonly Picture[]): PredictEntry[] {
  return pictures.flatMap(({ name, shown, state }): PredictEntry[] => {
    if (state.kind === 'failed') return [{ file: name, error: { code: state.code, message: state.message } }];
    if (state.kind !== 'done' || !shown) return [];
    const faces = state.faces.map(({ box, detection, expression, probabilities, unsure }) => ({ box, detection, expression, probabilities, unsure }));
    return [{ file: name, width: shown.width, height: shown.height, model: state.model, faces }];
  });
}

/** The labels of all models that read something, in the order in which they first come. */
export function labelsOf(entries: readonly PredictEntry[]): string[] {
  const faces = entries.flatMap((entry) => ('faces' in entry ? entry.faces : []));
  return [...new Set(faces.flatMap(({ probabilities }) => Object.keys(probabilities)))];
}

/** A JSON array with one entry a picture. */
export function toJson(entries: readonly PredictEntry[]): string {
  return `${JSON.stringify(entries, null, 2)}\n`;
}

/**
 * RFC 4180, one row a face; a picture without a face or with an error has one row without a face.
 * Columns: file, width, height, face (from 1), x, y, box_width, box_height, detection, expression, one a label (empty where
 * the face's model does not know it), error, unsure, model.
 */
export function toCsv(entries: readonly PredictEntry[], labels: readonly string[]): string {
  const header = ['file', 'width', 'height', 'face', 'x', 'y', 'box_width', 'box_height', 'detection', 'expression', ...labels, 'error', 'unsure', 'model'];
  const blank = (n: number): string[] => Array.from({ length: n }, () => '');
  const rows = entries.flatMap((entry): (string | number)[][] => {
    if ('error' in entry) return [[entry.file, ...blank(header.length - 4), entry.error.code, '', '']];
    const { file, width, height, model, faces } = entry;
    if (faces.length === 0) return [[file, width, height, ...blank(header.length - 4), model]];
    return faces.map(({ box, detection, expression, probabilities, unsure }, i) => [
      ...[file, width, height, i + 1, box.x, box.y, box.width, box.height, detection, expression],
      ...labels.map((label) => (Object.hasOwn(probabilities, label) ? probabilities[label]! : '')),
      ...['', String(unsure), model],
    ]);
  });
  return csvText([header, ...rows]);
}
