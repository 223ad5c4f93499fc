/**
 * A file of a model repository on a hub that speaks the Hugging Face scheme, and what the hub says of it before a byte is
 * fetched. Large files are stored elsewhere: the hub redirects, and tells size and sha256 in `X-Linked-Size` and
 * `X-Linked-Etag`. Source: https://huggingface.co/docs/hub and huggingface_hub's file_download (Apache-2.0; facts only).
 */
import { UserError } from '@mien/runtime';
import { request, stallMs } from './http.ts';

export const defaultEndpoint = 'https://huggingface.co';

export interface HubFile {
  /** `owner/name` */
  readonly repo: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  readonly file: string;
}

export interface HubFileInfo extends HubFile {
  readonly url: URL;
  readonly bytes: number;
  /** 64 hexadecimal digits; undefined where the hub does not tell. */
  readonly sha256: string | undefined;
  /** The commit the revision stands for; undefined where the hub does not tell. */
  readonly commit: string | undefined;
}

const sha256Pattern = /^(?:W\/)?"?([0-9a-f]{64})"?$/i;
const repoPattern = /^[\w.-]{1,96}\/[\w.-]{1,96}$/;

function checkNames(repo: string, endpoint: string): void {
  if (!repoPattern.test(repo) || /(^|\/)\.{1,2}(\/|$)/.test(repo))
    throw new UserError('bad-name', `${repo}: expected weights as OWNER/NAME, as timm/resnet18.a1_in1k`);
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))
    throw new UserError('bad-endpoint', `--endpoint ${endpoint}: expected an address, as ${defaultEndpoint}`);
}

function fileUrl({ repo, revision, file }: HubFile, endpoint: string): URL {
  checkNames(repo, endpoint);
  const path = file.split('/').map(encodeURIComponent).join('/');
  return new URL(`${endpoint.replace(/\/+$/, '')}/${repo}/resolve/${encodeURIComponent(revision)}/${path}`);
}

/**
 * Asks the hub for size, checksum and commit of a file. Throws `UserError` as `request` does, `bad-name`, `bad-endpoint`, and
 * `bad-answer` when the size is not told.
 */
export async function describeHubFile(wanted: HubFile, endpoint: string = defaultEndpoint): Promise<HubFileInfo> {
  const url = fileUrl(wanted, endpoint);
  const what = `${wanted.repo}/${wanted.file}`;
  // Not on to the storage, whose signed addresses answer GET alone.
  const { hops, response } = await request(url, { method: 'HEAD', what, isEnough: (headers) => headers.has('x-linked-size') });
  const told = (name: string): string | undefined => hops.map(({ headers }) => headers.get(name)).find((value) => value !== null) ?? undefined;
  const size = told('x-linked-size') ?? response.headers.get('content-length');
  const bytes = Number(size);
  if (!size || !Number.isSafeInteger(bytes) || bytes <= 0)
    throw new UserError('bad-answer', `${what}: ${url.host} does not tell its size; it may be no hub of models`);
  return { ...wanted, url, bytes, sha256: sha256Pattern.exec(told('x-linked-etag') ?? '')?.[1]?.toLowerCase(), commit: told('x-repo-commit') };
}

/** What licences are called, as `cc-by-nc-4.0`: it is shown on a terminal. */
const licencePattern = /^[\w.+-]{1,100}$/;
const longestAnswer = 4 << 20;

async function shortText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > longestAnswer) throw new RangeError('too long an answer');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The licence that a repository's own card states; undefined where the hub does not tell, or nobody stated one. */
export async function licenceOnHub({ repo, revision }: Pick<HubFile, 'repo' | 'revision'>, endpoint: string = defaultEndpoint): Promise<string | undefined> {
  checkNames(repo, endpoint);
  const url = new URL(`${endpoint.replace(/\/+$/, '')}/api/models/${repo}/revision/${encodeURIComponent(revision)}`);
  try {
    const { response } = await request(url, { method: 'GET', what: repo, signal: AbortSignal.timeout(stallMs) });
    const about = JSON.parse(await shortText(response)) as { cardData?: { license?: unknown } | null } | null;
    const licence = about?.cardData?.license;
    return typeof licence === 'string' && licencePattern.test(licence) ? licence : undefined;
  } catch {
    // Size and checksum, without which nothing is fetched, come another way: who asks is told that the licence is not known.
    return undefined;
  }
}
