/** The worker's side of labelling: a chunk of the index in, its folder of Parquet files out. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Claim, type JobContext, type MapPath, type OpenedHandler, parsePathMap, RetryLater, unreachable } from '@mien/jobs';
import { UserError } from '@mien/runtime';
import { z } from 'zod';
import { isChunkDone, writeChunk } from './chunk-writer.ts';
import type { Item } from './items/item.ts';
import { type ItemRange, readItems } from './items/item-index.ts';
import { type LabelFolder, labelFolder } from './label-folder.ts';
import { jobOptionsSchema } from './manifest.ts';
import type { ItemRecogniser, PictureResult } from './picture-result.ts';
import { PictureRecogniser } from './recognise-pictures.ts';
import { requireFfmpeg } from './sources/ffmpeg.ts';
import { Suspects } from './suspects.ts';
import { explainWriteError, isPassingTrouble } from './write-file.ts';

/** What a worker must know of a job before its first chunk. */
export const labelPayloadSchema = z.object({
  /** The job's folder, absolute, as the one who opened it sees it. */
  dir: z.string(),
  options: jobOptionsSchema,
  /** Whether some items are frames, for which workers need ffmpeg. */
  videos: z.boolean(),
  /** The job is done by a recogniser of somebody's own: each worker must have been given it (`LabelWorkerOptions`). */
  ownRecogniser: z.boolean(),
});
export type LabelPayload = z.infer<typeof labelPayloadSchema>;

/** What only this machine knows. */
export interface LabelWorkerOptions {
  readonly threads: number;
  /** `FROM=TO` rules for folders that lie elsewhere here. */
  readonly map: readonly string[];
  /** Model and detector files of this machine, in place of those in the job's folder. */
  readonly model?: string | undefined;
  readonly detector?: string | undefined;
  /**
   * URL of a module that exports `openRecogniser`, in place of the real one. Named by the worker, never by the job: what
   * comes from a queue must not choose the code that runs.
   */
  readonly recogniser?: string | undefined;
}

/** A chunk of the job's index. */
export interface ChunkPayload extends ItemRange {
  readonly chunk: number;
}

export interface ChunkOutcome {
  readonly images: number;
  readonly faces: number;
  readonly errors: number;
  /** Whether this attempt did it; false where it was found done. */
  readonly worked: boolean;
}

/** What the module of `LabelWorkerOptions.recogniser` exports. */
export type OpenRecogniser = (payload: LabelPayload) => Promise<ItemRecogniser>;

const progressEveryMs = 2000;

/**
 * Opens a worker of a job. Throws `UserError`: `unreachable` where this machine does not see the job's folders,
 * `other-model` where a model or detector is not the job's, `no-ffmpeg` where there are videos and it is missing.
 */
export async function openLabelHandler(payload: unknown, worker: LabelWorkerOptions): Promise<OpenedHandler<ChunkPayload, ChunkOutcome>> {
  const job = labelPayloadSchema.parse(payload);
  const mapPath = parsePathMap(worker.map);
  const folder = labelFolder(mapPath(job.dir));
  const missing = (await unreachable([folder.manifest])) ?? (await unreachable(job.options.sources.map(mapPath)));
  if (missing)
    throw new UserError('unreachable', `${missing} of the job cannot be reached from here: mount it at the same path, or say where it is with --map FROM=TO`);
  if (job.videos) await requireFfmpeg();
  if (job.ownRecogniser !== (worker.recogniser !== undefined)) {
    throw new UserError(
      'other-model',
      `the job ${job.ownRecogniser ? 'wants a recogniser of its own' : 'uses the recogniser of Mien'}, this worker has another: refused`,
    );
  }
  const recogniser = worker.recogniser ? await openOwn(worker.recogniser, job) : await openPictureRecogniser(job, folder, worker, mapPath);
  return {
    handle: (claim, context) => labelChunk({ job, folder, mapPath, recogniser }, claim, context),
    release: () => recogniser.release(),
  };
}

async function openOwn(module: string, job: LabelPayload): Promise<ItemRecogniser> {
  const { openRecogniser } = (await import(module)) as { openRecogniser: OpenRecogniser };
  return openRecogniser(job);
}

async function openPictureRecogniser(job: LabelPayload, folder: LabelFolder, worker: LabelWorkerOptions, mapPath: MapPath): Promise<ItemRecogniser> {
  const { model, detector, threshold } = job.options;
  return PictureRecogniser.open({
    model: await readNetwork(worker.model ?? folder.model, model, 'model'),
    detector: detector ? await readNetwork(worker.detector ?? folder.detector, detector, 'detector') : undefined,
    threshold: threshold ?? undefined,
    threads: worker.threads,
    mapPath,
  });
}

async function readNetwork(file: string, { name, sha256 }: { name: string; sha256: string }, what: string): Promise<Uint8Array> {
  const bytes = await readFile(file).catch((cause) => {
    throw new UserError('not-found', `${file}: the ${what} of the job cannot be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
  });
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) {
    throw new UserError(
      'other-model',
      `${file}: the job uses the ${what} ${name} with sha256 ${sha256.slice(0, 12)}…, this file has ${found.slice(0, 12)}…: refused; labels of two ${what}s must not mix`,
    );
  }
  // ONNX decoding needs a plain array, not a view of Node's pool.
  return new Uint8Array(bytes);
}

interface Work {
  readonly job: LabelPayload;
  readonly folder: LabelFolder;
  readonly mapPath: MapPath;
  readonly recogniser: ItemRecogniser;
}

async function labelChunk({ job, folder, mapPath, recogniser }: Work, claim: Claim<ChunkPayload>, context: JobContext): Promise<ChunkOutcome> {
  const { chunk, first } = claim.payload;
  if (isChunkDone(folder, chunk)) return { images: 0, faces: 0, errors: 0, worked: false };
  try {
    const items = await readItems(folder.items, claim.payload);
    const results = await recogniseItems(items, recogniser, folder, claim, context);
    await refuseIfAway(items, results, job, mapPath);
    context.signal.throwIfAborted();
    await writeChunk(folder, chunk, { first, items, results }, job.options.model);
    const faces = results.reduce((sum, result) => sum + ('error' in result ? 0 : result.faces.length), 0);
    return { images: results.length, faces, errors: results.filter((result) => 'error' in result).length, worked: true };
  } catch (error) {
    if (isPassingTrouble(error)) throw new RetryLater((explainWriteError(error, folder.dir) as Error).message, { cause: error });
    throw error;
  }
}

/** The results of all items; from the second attempt on with notes, so that what ends workers is found and set aside. */
async function recogniseItems(
  items: readonly Item[],
  recogniser: ItemRecogniser,
  folder: LabelFolder,
  claim: Claim<ChunkPayload>,
  { signal, progress }: JobContext,
): Promise<PictureResult[]> {
  let told = Date.now();
  const onProgress = (done: number): void => {
    if (Date.now() - told < progressEveryMs) return;
    told = Date.now();
    progress(done);
  };
  if (claim.failures + claim.deaths === 0) return recogniser.recognise(items, { signal, onProgress });
  const suspects = await Suspects.open(folder.suspects, claim.payload.chunk);
  const tried = items.map((_, i) => i).filter((i) => !suspects.aside.includes(i));
  const results = new Array<PictureResult>(items.length).fill({
    error: { code: 'ended-worker', message: 'three attempts in a row ended on this picture: it crashes or hangs its reader' },
  });
  try {
    const found = await recogniser.recognise(
      tried.map((i) => items[i]!),
      { signal, careful: true, onProgress, onBegin: (index) => suspects.begin(tried[index]!) },
    );
    for (const [n, i] of tried.entries()) results[i] = found[n]!;
  } catch (error) {
    if (signal.aborted || error instanceof RetryLater || isPassingTrouble(error)) suspects.clear();
    throw error;
  }
  suspects.forget();
  return results;
}

/** Missing pictures are errors of their own, unless the whole source is gone: then it is this machine's trouble. */
async function refuseIfAway(items: readonly Item[], results: readonly PictureResult[], job: LabelPayload, mapPath: MapPath): Promise<void> {
  const isMissing = (result: PictureResult): boolean => 'error' in result && result.error.code === 'not-found';
  if (!items.some((_, i) => isMissing(results[i]!))) return;
  const away = await unreachable(job.options.sources.map(mapPath));
  if (away) throw new RetryLater(`${away} cannot be reached; waiting for it to come back`);
}
