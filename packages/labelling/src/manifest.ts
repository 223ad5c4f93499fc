/** `manifest.json`: what a labelling job is, how far it came, and which shards it made. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';
import { z } from 'zod';
import { writeAtomically } from './write-file.ts';

const formatVersion = 1;

const networkSchema = z.object({ name: z.string(), sha256: z.string() });

/** What decides the labels: a job is gone on with only when all of it is the same. */
export const jobOptionsSchema = z.object({
  /** Absolute paths. */
  sources: z.array(z.string()).min(1),
  model: networkSchema.extend({ labels: z.array(z.string()) }),
  /** null: pictures are face crops. */
  detector: networkSchema.nullable(),
  /** null: the detector's own. */
  threshold: z.number().nullable(),
  framesPerSecond: z.number(),
  /** Items in a chunk. */
  chunkSize: z.number().int().positive(),
});
export type JobOptions = z.infer<typeof jobOptionsSchema>;

const totalsSchema = z.object({
  images: z.number().int(),
  faces: z.number().int(),
  /** Images set aside; part of `images`. */
  errors: z.number().int(),
});
export type Totals = z.infer<typeof totalsSchema>;

const manifestSchema = z.object({
  format: z.literal(formatVersion),
  /** Also its name in Redis. */
  job: z.string(),
  version: z.string(),
  created: z.string(),
  /**
   * `listing`: the sources are being read. `labelling`: chunks are being done, or the process was killed. `stopped`:
   * interrupted or cancelled. `incomplete`: everything was tried, some chunks failed. `done`: every image is in a shard.
   */
  state: z.enum(['listing', 'labelling', 'stopped', 'incomplete', 'done']),
  options: jobOptionsSchema,
  /** Known once the sources were listed. */
  items: z.number().int().optional(),
  chunks: z.number().int().optional(),
  /** Files left out because their names say that they are no pictures. */
  skipped: z.number().int().optional(),
  /** Whether some items are frames of videos. */
  videos: z.boolean().optional(),
  totals: totalsSchema.optional(),
  /** Chunks that failed for good in the last run, with their last error. */
  failed: z.array(z.object({ chunk: z.number().int(), error: z.string() })).optional(),
  finished: z.string().optional(),
  shards: z
    .array(z.object({ faces: z.string(), images: z.string(), faceRows: z.number().int(), imageRows: z.number().int(), bytes: z.number().int() }))
    .optional(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** The manifest of a folder, or undefined where it has none. Throws `UserError` `bad-manifest` or `newer-manifest`. */
export async function readManifest(dir: string): Promise<Manifest | undefined> {
  const file = join(dir, 'manifest.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  const bad = (why: string): UserError => new UserError('bad-manifest', `${file}: expected the manifest of a labelling job, ${why}; choose another --out`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw bad('this is not JSON');
  }
  const format = (json as { format?: unknown } | null)?.format;
  if (typeof format === 'number' && format > formatVersion) {
    throw new UserError('newer-manifest', `${file}: has format ${format}, this Mien reads up to ${formatVersion}; update Mien`);
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw bad(`field ${path.join('.') || '(root)'}: ${message}`);
  }
  return parsed.data;
}

/** As `readManifest`, for folders that must have one. */
export async function requireManifest(dir: string): Promise<Manifest> {
  const manifest = await readManifest(dir);
  if (!manifest) throw new UserError('no-job', `${dir}: expected a folder written by \`mien label\`, found no manifest.json there`);
  return manifest;
}

export async function writeManifest(dir: string, manifest: Manifest): Promise<void> {
  await writeAtomically(join(dir, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The first option in which two jobs differ, for a message; undefined where they are the same. */
export function difference(before: JobOptions, now: JobOptions): string | undefined {
  const keys = Object.keys(before) as (keyof JobOptions)[];
  const key = keys.find((k) => JSON.stringify(before[k]) !== JSON.stringify(now[k]));
  if (key === undefined) return undefined;
  const show = (options: JobOptions): string => {
    const value = options[key];
    return value !== null && typeof value === 'object' && 'sha256' in value ? `${value.name} ${value.sha256.slice(0, 12)}` : JSON.stringify(value);
  };
  return `${key} ${show(before)}, now ${show(now)}`;
}
