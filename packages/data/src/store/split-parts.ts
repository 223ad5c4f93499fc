/** The column files of one split while it grows. */
import { join } from 'node:path';
import { GrowingFile } from './growing-file.ts';
import { type Manifest, noLabel, rowBytes } from './manifest.ts';

export interface StoreRow {
  split: string;
  /** Class index, or `noLabel`. */
  label: number;
  /** [C,H,W] 0…255; copied. */
  image: Uint8Array;
  /** Position within the source's split where it differs from the number of rows written to it, as after dropped rows. */
  row?: number | undefined;
  votes?: Uint8Array | undefined;
  path?: string | undefined;
  /** Whose face it is; none for unknown. */
  subject?: string | undefined;
  /** Size of the image as it came. */
  size?: readonly [heightPx: number, widthPx: number] | undefined;
  /** Index into the sources the writer was given; only where it was given any. */
  source?: number | undefined;
}

/** Numbers for the names of subjects, from 1 in order of appearance. */
export class SubjectNumbers {
  readonly names: string[] = [];
  readonly #numbers = new Map<string, number>();

  /** 0 without a name. */
  of(name: string | undefined): number {
    if (!name) return 0;
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.names.push(name);
    this.#numbers.set(name, this.names.length);
    return this.names.length;
  }
}

const largestSizePx = 65_535;

export type ColumnName = keyof Manifest['columns'];

export class SplitParts {
  count = 0;
  readonly perLabel: number[];
  /** Index into the manifest's sources. */
  readonly #source: number;
  readonly #files: Partial<Record<ColumnName, GrowingFile>> = {};
  readonly #imageBytes: number;
  readonly #noVotes: Uint8Array;
  readonly #subjects: SubjectNumbers;

  /** @param part tells the files of this split from those of the others, and is the source of rows that name none. */
  constructor(dir: string, part: number, columns: Manifest['columns'], labelCount: number, subjects: SubjectNumbers) {
    this.perLabel = new Array<number>(labelCount).fill(0);
    this.#source = part;
    this.#subjects = subjects;
    this.#imageBytes = rowBytes(columns.images);
    this.#noVotes = new Uint8Array(columns.votes ? rowBytes(columns.votes) : 0);
    for (const [name, column] of Object.entries(columns)) this.#files[name as ColumnName] = new GrowingFile(join(dir, `${column.file}.${part}`));
  }

  append(row: StoreRow): void {
    if (row.image.length !== this.#imageBytes) throw new RangeError(`append: expected ${this.#imageBytes} samples, came ${row.image.length}`);
    const isLabelled = row.label !== noLabel;
    if (isLabelled && !(row.label >= 0 && row.label < this.perLabel.length))
      throw new RangeError(`append: label ${row.label} is not in 0…${this.perLabel.length - 1}`);
    const votes = row.votes ?? this.#noVotes;
    if (votes.length !== this.#noVotes.length) throw new RangeError(`append: expected ${this.#noVotes.length} votes, came ${votes.length}`);
    this.#files.images?.append(row.image);
    this.#files.labels?.appendNumber(row.label, 1);
    this.#files.votes?.append(votes);
    this.#files.source?.appendNumber(row.source ?? this.#source, 2);
    this.#files.row?.appendNumber(row.row ?? this.count, 4);
    this.#files.path?.append(Buffer.from(`${JSON.stringify(row.path ?? '')}\n`));
    this.#files.subject?.appendNumber(this.#subjects.of(row.subject), 4);
    for (const sizePx of row.size ?? [0, 0]) this.#files.size?.appendNumber(Math.min(sizePx, largestSizePx), 2);
    if (isLabelled) this.perLabel[row.label] = (this.perLabel[row.label] as number) + 1;
    this.count++;
  }

  /** Writes a column out → its file. */
  finish(column: ColumnName): string {
    const file = this.#files[column] as GrowingFile;
    file.finish();
    return file.path;
  }

  close(): void {
    for (const file of Object.values(this.#files)) file.close();
  }
}
