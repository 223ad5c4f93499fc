/** The two tables of a job: `faces`, a row a face, and `images`, a row an image, with or without faces, read or not. */
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { type Item, nameOf } from './items/item.ts';
import type { FaceResult, PictureResult } from './picture-result.ts';

export interface ModelName {
  readonly name: string;
  readonly sha256: string;
  readonly labels: readonly string[];
}

/** A chunk's items with what became of them; `first` is the number of its first item in the job. */
export interface ChunkResults {
  readonly first: number;
  readonly items: readonly Item[];
  readonly results: readonly PictureResult[];
}

type Column<Row> = Omit<ColumnSource, 'data'> & { readonly value: (row: Row) => unknown };

interface ImageRow {
  readonly number: number;
  readonly item: Item;
  readonly result: PictureResult;
}
interface FaceRow extends ImageRow {
  readonly face: number;
  readonly found: FaceResult;
  readonly width: number;
  readonly height: number;
}

/** Which picture: the same in both tables. */
const naming: readonly Column<ImageRow>[] = [
  { name: 'item', type: 'INT64', nullable: false, value: ({ number }) => BigInt(number) },
  { name: 'source', type: 'STRING', nullable: false, value: ({ item }) => nameOf(item).source },
  { name: 'entry', type: 'STRING', value: ({ item }) => nameOf(item).entry },
  { name: 'frame', type: 'INT32', value: ({ item }) => nameOf(item).frame },
  { name: 'time', type: 'DOUBLE', value: ({ item }) => nameOf(item).time },
];

const imageColumns: readonly Column<ImageRow>[] = [
  ...naming,
  { name: 'width', type: 'INT32', value: ({ result }) => ('error' in result ? null : result.width) },
  { name: 'height', type: 'INT32', value: ({ result }) => ('error' in result ? null : result.height) },
  { name: 'faces', type: 'INT32', value: ({ result }) => ('error' in result ? null : result.faces.length) },
  { name: 'error_code', type: 'STRING', value: ({ result }) => ('error' in result ? result.error.code : null) },
  { name: 'error', type: 'STRING', value: ({ result }) => ('error' in result ? result.error.message : null) },
];

const faceColumns: readonly Column<FaceRow>[] = [
  ...naming,
  { name: 'face', type: 'INT32', nullable: false, value: ({ face }) => face },
  ...(['x', 'y', 'width', 'height'] as const).map(
    (side): Column<FaceRow> => ({ name: `box_${side}`, type: 'FLOAT', nullable: false, value: ({ found }) => found.box[side] }),
  ),
  { name: 'score', type: 'FLOAT', nullable: false, value: ({ found }) => found.score },
  { name: 'label', type: 'STRING', nullable: false, value: ({ found }) => found.label },
];

function lastFaceColumns({ name, sha256 }: ModelName): Column<FaceRow>[] {
  return [
    { name: 'width', type: 'INT32', nullable: false, value: ({ width }) => width },
    { name: 'height', type: 'INT32', nullable: false, value: ({ height }) => height },
    { name: 'model', type: 'STRING', nullable: false, value: () => name },
    { name: 'model_sha256', type: 'STRING', nullable: false, value: () => sha256 },
  ];
}

/** The column of each label's probability: its name, or `p_` and its name where another column is called so. */
function probabilityColumns(model: ModelName): string[] {
  const taken = new Set([...faceColumns, ...lastFaceColumns(model)].map((column) => column.name));
  return model.labels.map((label) => (taken.has(label) ? `p_${label}` : label));
}

function allFaceColumns(model: ModelName): Column<FaceRow>[] {
  const probabilities = probabilityColumns(model).map(
    (name, k): Column<FaceRow> => ({ name, type: 'FLOAT', nullable: false, value: ({ found }) => found.probabilities[k] }),
  );
  return [...faceColumns, ...probabilities, ...lastFaceColumns(model)];
}

const sqlTypes: Readonly<Record<string, string>> = { INT64: 'BIGINT', INT32: 'INTEGER', STRING: 'VARCHAR', DOUBLE: 'DOUBLE', FLOAT: 'FLOAT' };

/** Queries that give each table without rows, for a job that has no file yet. */
export function emptyTables(model: ModelName): { faces: string; images: string } {
  const empty = (columns: readonly { name: string; type?: string }[]): string =>
    `SELECT ${columns.map(({ name, type }) => `CAST(NULL AS ${sqlTypes[type!]}) AS "${name.replaceAll('"', '""')}"`).join(', ')} WHERE false`;
  return { faces: empty(allFaceColumns(model)), images: empty(imageColumns) };
}

/** The bytes of the `faces` and `images` Parquet files of a chunk. A chunk without faces gives a file without rows. */
export function encodeChunk({ first, items, results }: ChunkResults, model: ModelName): { faces: Uint8Array; images: Uint8Array } {
  const images = items.map((item, i): ImageRow => ({ number: first + i, item, result: results[i]! }));
  const faces = images.flatMap((row): FaceRow[] => {
    const { result } = row;
    return 'error' in result ? [] : result.faces.map((found, face) => ({ ...row, face, found, width: result.width, height: result.height }));
  });
  return { faces: encode(faces, allFaceColumns(model)), images: encode(images, imageColumns) };
}

function encode<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): Uint8Array {
  const columnData = columns.map(({ value, ...column }): ColumnSource => ({ ...column, data: rows.map(value) as ColumnSource['data'] }));
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: 'Mien' }));
}
