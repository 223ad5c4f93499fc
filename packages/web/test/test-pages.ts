/** The built package on a server with pages that use it, and browsers to look at them, for the tests of this folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { liveModelName, releasedModelsUrl } from '@mien/released-models';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { findChromium, howToGetChromium } from '../../../apps/studio/test/find-chromium.ts';
import type * as Web from '../src/index.ts';
import { buildBundle } from './build-bundle.ts';
import { type FolderServer, serveFolders } from './serve-folders.mjs';

export const executablePath = findChromium();
if (!executablePath) console.warn(`@mien/web in a browser: skipped. ${howToGetChromium}`);

export const photographs = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo');
export const released = fileURLToPath(releasedModelsUrl);
export const model = `/models/${liveModelName}.onnx`;
export const timeoutMs = 240_000;

/** What page scripts see. */
declare global {
  interface Window {
    web: typeof Web;
    mien: Web.Mien;
    live: Web.Live;
    seen: { faces: readonly Web.MienFace[]; frame: Web.WatchedFrame }[];
    failed: { code: string; message: string }[];
    camera: MediaStream;
  }
}

const blank = `<!doctype html><meta charset="utf-8"><title>test</title>
<script type="module">window.web = await import('/mien/mien.js'); window.seen = []; window.failed = []; document.title = 'ready';</script>`;

export interface OpenOptions {
  /** A film in `files` that the camera shows; without one there is no camera. */
  readonly film?: string;
  /** False: the person says no. `'once'`: yes, and the answer can be taken back. */
  readonly allowed?: boolean | 'once';
  readonly path?: string;
  /** What the page's title says when it is ready. */
  readonly title?: RegExp;
  readonly args?: readonly string[];
}

export interface OpenedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly browser: Browser;
  /** Errors of the page, and requests that left its origin. */
  readonly complaints: string[];
}

export class TestPages {
  /** Served as `/files`. */
  readonly files: string;
  readonly server: FolderServer;
  readonly #browsers: Browser[] = [];

  constructor(files: string, server: FolderServer) {
    this.files = files;
    this.server = server;
  }

  /** `/mien` is the bundle, `/models` the released models; `pages` are HTML by path, beside the blank one at `/`. */
  static async start(pages: Readonly<Record<string, string>> = {}, folders: Readonly<Record<string, string>> = {}): Promise<TestPages> {
    const files = await mkdtemp(join(tmpdir(), 'mien-web-'));
    await buildBundle(join(files, 'bundle'));
    const server = await serveFolders({ mien: join(files, 'bundle'), models: released, files, photos: photographs, ...folders }, { '/': blank, ...pages });
    return new TestPages(files, server);
  }

  async open({ film, allowed = true, path = '/', title = /^ready$/, args = [] }: OpenOptions): Promise<OpenedPage> {
    const camera = film ? ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${join(this.files, film)}`] : [];
    const answer = allowed === 'once' ? [] : [allowed ? '--use-fake-ui-for-media-stream' : '--deny-permission-prompts'];
    const browser = await chromium.launch({
      executablePath: executablePath!,
      args: ['--no-sandbox', '--disable-background-networking', ...camera, ...answer, ...args],
    });
    this.#browsers.push(browser);
    const context = await browser.newContext();
    if (allowed === 'once') await context.grantPermissions(['camera'], { origin: this.server.url });
    const page = await context.newPage();
    page.setDefaultTimeout(2 * timeoutMs);
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    context.on('request', (request) => {
      if (!request.url().startsWith(`${this.server.url}/`) && !request.url().startsWith('blob:')) complaints.push(request.url());
    });
    await page.goto(`${this.server.url}${path}`);
    await page.waitForFunction((ready) => new RegExp(ready).test(document.title), title.source);
    return { page, context, browser, complaints };
  }

  /** A browser left open would go on recognising and slow the next test. */
  async closeBrowsers(): Promise<void> {
    await Promise.all(this.#browsers.splice(0).map((browser) => browser.close()));
  }

  async close(): Promise<void> {
    await this.closeBrowsers();
    await this.server.close();
    await rm(this.files, { recursive: true });
  }
}

/** Opens the camera of a page and watches it until `frames` results have come. */
export async function watchCamera(page: Page, frames: number, { model: url = model, ...options }: { maps?: boolean; model?: string } = {}): Promise<void> {
  await page.evaluate(
    async ({ url, options }) => {
      window.mien ??= await window.web.openMien({ model: url });
      window.camera = await window.web.openCamera();
      window.live = window.mien.watch(window.camera, {
        ...options,
        onFaces: (faces, frame) => window.seen.push({ faces, frame }),
        onError: ({ code, message }) => window.failed.push({ code, message }),
      });
    },
    { url, options },
  );
  await moreFrames(page, frames - 1);
}

/** Waits until more than `frames` results have come on top of those there are. */
export async function moreFrames(page: Page, frames: number): Promise<void> {
  const before = await page.evaluate(() => window.seen.length);
  await page.waitForFunction(([n, more]) => window.seen.length > n! + more!, [before, frames]);
}

/** `code: message` of the error a script ends with. */
export function codeOf(page: Page, script: string): Promise<string> {
  return page.evaluate(`(async () => { try { ${script}; return 'no error'; } catch (error) { return error.code + ': ' + error.message; } })()`);
}
