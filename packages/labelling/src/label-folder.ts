/** Where everything of a labelling job lies. */
import { join } from 'node:path';

export interface LabelFolder {
  readonly dir: string;
  /** What the job is and how far it has come; see `manifest.ts`. */
  readonly manifest: string;
  /** The model and detector the job uses, so that every worker has the same and the labels can be made again. */
  readonly model: string;
  readonly detector: string;
  /** All items, and where each chunk of them begins; see `items/item-index.ts`. */
  readonly items: string;
  readonly offsets: string;
  /** One folder a finished chunk: `faces.parquet`, `images.parquet`. Emptied into shards as these fill. */
  readonly chunks: string;
  /** Shards, each of `chunksPerShard` chunks: one row a face, and one row an image. */
  readonly faces: string;
  readonly images: string;
  /** One JSON line an image that was set aside; written when the job ends. */
  readonly errors: string;
  /** Unpacked compressed archives, while the job runs. */
  readonly unpacked: string;
  /** Notes on attempts that ended badly, while the job runs; see `suspects.ts`. */
  readonly suspects: string;
  /** The process that hands out the job's chunks. */
  readonly lock: string;
  /** Its presence asks that process to stop. */
  readonly cancel: string;
}

/** Chunks in one shard: 65,536 images at 256 a chunk, a few megabytes. */
export const chunksPerShard = 256;

export function labelFolder(dir: string): LabelFolder {
  return {
    dir,
    manifest: join(dir, 'manifest.json'),
    model: join(dir, 'model.onnx'),
    detector: join(dir, 'detector.onnx'),
    items: join(dir, 'items.jsonl'),
    offsets: join(dir, 'items.offsets'),
    chunks: join(dir, 'chunks'),
    faces: join(dir, 'faces'),
    images: join(dir, 'images'),
    errors: join(dir, 'errors.jsonl'),
    unpacked: join(dir, 'unpacked'),
    suspects: join(dir, 'suspects'),
    lock: join(dir, 'lock'),
    cancel: join(dir, 'cancel'),
  };
}

export function chunkFolder(chunks: string, chunk: number): string {
  return join(chunks, String(chunk).padStart(8, '0'));
}

export function shardFile(folder: string, shard: number): string {
  return join(folder, `part-${String(shard).padStart(6, '0')}.parquet`);
}

export function shardOf(chunk: number): number {
  return Math.floor(chunk / chunksPerShard);
}
