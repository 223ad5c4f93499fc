/** From what was asked to a job's folder: a new one, or one to go on with. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { mienVersion } from '@mien/jobs';
import { checkRunName } from '@mien/jobs/redis';
import { readCard, refuseLandmarkUse, UserError } from '@mien/runtime';
import { defaultDetectorPath } from '@mien/runtime/node';
import { type LabelFolder, labelFolder } from './label-folder.ts';
import { difference, type JobOptions, type Manifest, readManifest, writeManifest } from './manifest.ts';
import { explainWriteError, writeAtomically } from './write-file.ts';

export interface JobRequest {
  /** Folders, pictures, videos, archives, lists of paths. */
  readonly sources: readonly string[];
  readonly out: string;
  /** The file of the expression model. */
  readonly model: string;
  /** The file of a face detector; default: the one that comes with Mien. */
  readonly detector?: string | undefined;
  /** The pictures are face crops: none are looked for. */
  readonly faces?: boolean | undefined;
  readonly threshold?: number | undefined;
  /** Frames taken of a second of video. Default 1. */
  readonly framesPerSecond?: number | undefined;
  /** Images in a chunk. Default 256. */
  readonly chunkSize?: number | undefined;
  /** The job's name, in Redis too. Default: made up. */
  readonly name?: string | undefined;
}

export const defaultChunkSize = 256;

export interface OpenedJob {
  readonly folder: LabelFolder;
  /** Whether the folder held no job before. */
  readonly isNew: boolean;
  manifest: Manifest;
}

/**
 * Opens the folder of a job and writes what it lacks. Throws `UserError`: `out-not-empty`, `other-job` where the folder
 * holds a job with other options, `other-version`, and those of reading the model.
 */
export async function openJob(request: JobRequest): Promise<OpenedJob> {
  const folder = labelFolder(resolve(request.out));
  const networks = await readNetworks(request);
  const options: JobOptions = {
    sources: request.sources.map((source) => resolve(source)),
    model: networks.model.name,
    detector: networks.detector?.name ?? null,
    threshold: request.threshold ?? null,
    framesPerSecond: request.framesPerSecond ?? 1,
    chunkSize: request.chunkSize ?? defaultChunkSize,
  };
  const before = await readManifest(folder.dir);
  if (before) {
    refuseOther(request, before, options);
    return { folder, manifest: before, isNew: false };
  }
  await makeFolder(folder);
  const job = request.name === undefined ? `label-${randomBytes(4).toString('hex')}` : checkRunName(request.name);
  const manifest: Manifest = { format: 1, job, version: mienVersion, created: new Date().toISOString(), state: 'listing', options };
  try {
    await writeAtomically(folder.model, networks.model.bytes);
    if (networks.detector) await writeAtomically(folder.detector, networks.detector.bytes);
    await writeManifest(folder.dir, manifest);
  } catch (error) {
    throw explainWriteError(error, folder.dir);
  }
  return { folder, manifest, isNew: true };
}

/** Takes back what `openJob` wrote: a job that could not be listed must not stand in the way of the mended command. */
export async function forgetJob({ dir, manifest, model, detector, unpacked, lock }: LabelFolder): Promise<void> {
  for (const path of [manifest, model, detector, unpacked, lock]) await rm(path, { recursive: true, force: true });
  await rmdir(dir).catch(() => {});
}

/** Folders that are made and removed with the work. */
export async function makeWorkFolders(folder: LabelFolder): Promise<void> {
  try {
    for (const dir of [folder.chunks, folder.faces, folder.images, folder.suspects]) await mkdir(dir, { recursive: true });
  } catch (error) {
    throw explainWriteError(error, folder.dir);
  }
}

export async function removeWorkFolders(folder: LabelFolder): Promise<void> {
  for (const dir of [folder.chunks, folder.suspects, folder.unpacked]) await rm(dir, { recursive: true, force: true });
}

function refuseOther(request: JobRequest, before: Manifest, options: JobOptions): void {
  const { out, name } = request;
  const other = difference(before.options, options);
  if (other) throw new UserError('other-job', `${out}: holds a job that differs in ${other}; ask for the same to go on with it, or choose another --out`);
  if (before.version !== mienVersion) {
    throw new UserError(
      'other-version',
      `${out}: the job was started by Mien ${before.version}, this is ${mienVersion}; go on with ${before.version} or choose another --out`,
    );
  }
  if (name !== undefined && name !== before.job)
    throw new UserError('other-job', `${out}: holds the job ${before.job}, not ${name}; leave out --name or choose another --out`);
}

async function makeFolder({ dir }: LabelFolder): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
    // What a start left that was cut short before it wrote the manifest.
    const found = (await readdir(dir)).filter((name) => !/^((model|detector)\.onnx|manifest\.json|lost\+found|lock)(\.partial)?$/.test(name));
    if (found.length > 0) throw new UserError('out-not-empty', `${dir}: expected an empty or new folder for a job, it holds ${found[0]}; choose another --out`);
  } catch (error) {
    throw explainWriteError(error, dir);
  }
}

interface Network {
  readonly name: { readonly name: string; readonly sha256: string };
  readonly bytes: Uint8Array;
}

async function readNetworks(request: JobRequest): Promise<{ model: Network & { name: { labels: string[] } }; detector: Network | undefined }> {
  const model = await readNetwork(request.model, 'model');
  const card = readCard(model.bytes, request.model);
  refuseLandmarkUse(card, request.model, '`mien label`');
  const { name, labels } = card;
  const detector = request.faces ? undefined : await readNetwork(request.detector ?? defaultDetectorPath, 'face detector');
  return {
    model: { bytes: model.bytes, name: { name, sha256: model.sha256, labels: [...labels] } },
    detector: detector && { bytes: detector.bytes, name: { name: request.detector ? 'custom' : 'default', sha256: detector.sha256 } },
  };
}

async function readNetwork(file: string, what: string): Promise<{ bytes: Uint8Array; sha256: string }> {
  try {
    const bytes = new Uint8Array(await readFile(file));
    return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
  } catch (cause) {
    throw new UserError('not-found', `${file}: expected a ${what} file, but it cannot be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
}
