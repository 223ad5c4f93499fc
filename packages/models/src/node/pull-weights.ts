/** Pretrained weights from the hub, kept in the cache. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';
import { findHubWeights, hubWeights, hubWeightsFile } from '../weights/catalogue.ts';
import { cacheFolder } from './cache-folder.ts';
import { download, sha256Of } from './download.ts';
import { defaultEndpoint, describeHubFile, type HubFileInfo, licenceOnHub } from './hub-file.ts';

/** What is known before the download; shown to the user, who decides. */
export interface PullPlan extends HubFileInfo {
  readonly sha256: string;
  /** SPDX identifier, of the catalogue or as the repository itself states it; undefined where neither does. */
  readonly licence: string | undefined;
  /** Mien's model they fit; undefined for weights that are not in the catalogue. */
  readonly model: string | undefined;
  /** Where the file will stand, or stands. */
  readonly target: string;
  /** Whether it is there already, whole: by its checksum. */
  readonly cached: boolean;
  /** Whether something else stands there: the file was damaged since it was fetched. */
  readonly damaged: boolean;
}

export interface PullOptions {
  readonly endpoint?: string;
  /** Branch, tag or commit. Default `main`. */
  readonly revision?: string;
  /** A checksum known from elsewhere; must agree with the hub's where that tells one. */
  readonly sha256?: string;
  readonly cache?: string;
}

function cacheOf(cache: string, repo: string): string {
  return join(cache, 'weights', ...repo.split('/'));
}

/** What stands where a file of these bytes should. */
async function lookAt(file: string, { bytes, sha256 }: { readonly bytes: number; readonly sha256: string }): Promise<'nothing' | 'whole' | 'damaged'> {
  const size = await stat(file).then(
    (s) => s.size,
    () => undefined,
  );
  if (size === undefined) return 'nothing';
  return size === bytes && (await sha256Of(file)) === sha256 ? 'whole' : 'damaged';
}

/**
 * Asks the hub about weights, by a name of the catalogue or as OWNER/NAME. Throws `UserError`: `unknown-weights` naming those
 * of the catalogue, `no-checksum` where neither hub nor caller gives one, `wrong-checksum` where they differ; those of `describeHubFile`.
 */
export async function planPull(name: string, options: PullOptions = {}): Promise<PullPlan> {
  const known = findHubWeights(name);
  if (!known && !name.includes('/')) {
    const names = hubWeights.map(({ repo }) => repo.slice(repo.indexOf('/') + 1)).join(', ');
    throw new UserError('unknown-weights', `${name}: no weights of that name in the catalogue; there are ${names}, and any repository as OWNER/NAME`);
  }
  const wantedFile = { repo: known?.repo ?? name, revision: options.revision ?? 'main', file: hubWeightsFile };
  const endpoint = options.endpoint ?? defaultEndpoint;
  const info = await describeHubFile(wantedFile, endpoint);
  const licence = known?.licence ?? (await licenceOnHub(wantedFile, endpoint));
  const wanted = options.sha256?.toLowerCase();
  if (wanted !== undefined && !/^[0-9a-f]{64}$/.test(wanted)) throw new UserError('bad-option', `--sha256 ${options.sha256}: expected 64 hexadecimal digits`);
  if (wanted && info.sha256 && wanted !== info.sha256)
    throw new UserError(
      'wrong-checksum',
      `${info.repo}: expected sha256 ${wanted}, ${info.url.host} offers ${info.sha256}; the file has changed, or is not the one you mean`,
    );
  const sha256 = wanted ?? info.sha256;
  if (!sha256) throw new UserError('no-checksum', `${info.repo}: ${info.url.host} tells no sha256 for ${info.file}; give the right one with --sha256`);
  // By checksum, so that another version of the file never meets the half of this one.
  const target = join(cacheOf(options.cache ?? cacheFolder(), info.repo), sha256.slice(0, 16), info.file);
  const there = await lookAt(target, { bytes: info.bytes, sha256 });
  return { ...info, sha256, licence, model: known?.model, target, cached: there === 'whole', damaged: there === 'damaged' };
}

/** Fetches what was planned; checks what is cached. Throws `UserError` as `download` does. */
export async function pullWeights(
  plan: PullPlan,
  options: { readonly onProgress?: (bytes: number) => void; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const { url, bytes, sha256, target, repo } = plan;
  await download({ url, bytes, sha256, file: target, what: repo, ...options });
}

/** The file of weights pulled before, by a name of the catalogue or as OWNER/NAME: of several versions the newest. Undefined where there is none. */
export async function findPulled(name: string, cache: string = cacheFolder()): Promise<string | undefined> {
  const repo = findHubWeights(name)?.repo ?? name;
  if (!/^[\w.-]+\/[\w.-]+$/.test(repo)) return undefined;
  const folder = cacheOf(cache, repo);
  const versions = await readdir(folder).catch(() => []);
  const files = await Promise.all(
    versions.map(async (version) => {
      const file = join(folder, version, hubWeightsFile);
      return {
        file,
        time: await stat(file).then(
          (s) => s.mtimeMs,
          () => undefined,
        ),
      };
    }),
  );
  return files.filter(({ time }) => time !== undefined).sort((a, b) => b.time! - a.time!)[0]?.file;
}
