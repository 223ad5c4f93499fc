/** A studio and a browser for tests: a real server, a real Chromium, with a camera that shows a film or without one. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultModelName, releasedModelsUrl } from '@mien/released-models';
import { defaultDetectorPath, landmarksPath, lightDetectorPath } from '@mien/runtime/node';
import { startStudio } from '@mien/server';
import { type Browser, chromium, type Page } from 'playwright-core';

export const timeoutMs = 120_000;
export type Studio = Awaited<ReturnType<typeof startStudio>>;

/** The default released model where there is one, else any. */
export function releasedModel(): { name: string; file: string } | undefined {
  const dir = fileURLToPath(releasedModelsUrl);
  const names = readdirSync(dir).filter((name) => name.endsWith('.onnx'));
  const name = names.includes(`${defaultModelName}.onnx`) ? `${defaultModelName}.onnx` : names[0];
  return name === undefined ? undefined : { name: name.replace(/\.onnx$/, ''), file: join(dir, name) };
}

export function openStudio(options: Pick<Parameters<typeof startStudio>[0], 'models'> & Partial<Parameters<typeof startStudio>[0]>): Promise<Studio> {
  const studioDir = join(import.meta.dirname, '../dist');
  return startStudio({ port: 0, studioDir, detectorFile: defaultDetectorPath, liveDetectorFile: lightDetectorPath, landmarksFile: landmarksPath, ...options });
}

export interface CameraOptions {
  /** A y4m file that the camera shows; undefined: there is no camera. */
  readonly film?: string;
  /** False: the person says no. */
  readonly allowed?: boolean;
}

export function openBrowser(executablePath: string, { film, allowed = true }: CameraOptions = {}): Promise<Browser> {
  const camera = film ? ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`] : [];
  const answer = allowed ? ['--use-fake-ui-for-media-stream'] : ['--deny-permission-prompts'];
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-background-networking', ...camera, ...answer] });
}

/** Opens a page; `complaints` gathers its errors and its requests to anywhere else. */
export async function openPage(browser: Browser, url: string, page = ''): Promise<{ page: Page; complaints: string[]; requests: string[] }> {
  const opened = await browser.newPage();
  opened.setDefaultTimeout(timeoutMs);
  const complaints: string[] = [];
  const requests: string[] = [];
  opened.on('pageerror', (error) => complaints.push(String(error)));
  opened.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  opened.on('request', (request) => {
    requests.push(request.url());
    if (!request.url().startsWith(`${url}/`) && !request.url().startsWith(`blob:${url}/`)) complaints.push(request.url());
  });
  await opened.goto(`${url}/${page}`);
  return { page: opened, complaints, requests };
}
