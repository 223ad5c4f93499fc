/** A recorded session: every look with its faces, and as files. */
import { csvText } from '../csv-text.ts';
import type { Look } from './look.ts';

export interface RecordedFace {
  readonly id: number;
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly expression: string;
  readonly unsure: boolean;
  readonly probabilities: Readonly<Record<string, number>>;
}

export interface RecordedLook {
  /** Since the first look. */
  readonly seconds: number;
  readonly faces: readonly RecordedFace[];
}

export class RecordedSession {
  readonly looks: RecordedLook[] = [];
  #began: number | undefined;

  /** What the file says of the whole session: the model, when it was. */
  readonly about: Readonly<Record<string, unknown>>;

  /** `fromStart`: the source's clock begins at 0 by itself, as a film's does. */
  constructor({ fromStart = false, about = {} }: { readonly fromStart?: boolean; readonly about?: Readonly<Record<string, unknown>> } = {}) {
    if (fromStart) this.#began = 0;
    this.about = about;
  }

  add({ faces, frame: { time } }: Look): void {
    this.#began ??= time;
    const seen = faces.filter(({ unseenSeconds }) => unseenSeconds === 0);
    this.looks.push({
      seconds: Math.round((time - this.#began) * 1000) / 1000,
      faces: seen.map(({ id, box, expression, unsure, probabilities }) => ({ id, box, expression, unsure, probabilities })),
    });
  }
}

/** RFC 4180, one row a face; a look without a face has one row with nothing but its time. */
export function sessionCsv(looks: readonly RecordedLook[], labels: readonly string[]): string {
  const header = ['seconds', 'face', 'x', 'y', 'box_width', 'box_height', 'expression', 'unsure', ...labels];
  const rows = looks.flatMap(({ seconds, faces }): (string | number)[][] =>
    faces.length === 0
      ? [[seconds, ...header.slice(1).map(() => '')]]
      : faces.map(({ id, box, expression, unsure, probabilities }) => [
          ...[seconds, id, box.x, box.y, box.width, box.height, expression, String(unsure)],
          ...labels.map((label) => probabilities[label] ?? ''),
        ]),
  );
  return csvText([header, ...rows]);
}

export function sessionJson({ about, looks }: RecordedSession): string {
  return `${JSON.stringify({ ...about, looks })}\n`;
}
