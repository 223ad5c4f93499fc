/** The page "Live" in a real browser, with a fake camera. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expressions } from '@mien/runtime';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { writeFakeCamera } from '../../../packages/web/test/fake-camera.ts';
import { findChromium, howToGetChromium } from './find-chromium.ts';
import { type CameraOptions, openBrowser, openPage, openStudio, releasedModel, type Studio, timeoutMs } from './open-studio.ts';

const executablePath = findChromium();
const model = releasedModel();
if (!executablePath) console.warn(`studio live in a browser: skipped. ${howToGetChromium}`);
else if (!model) console.warn('studio live in a browser: skipped, no model is released; train and release one');

const photographs = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo');

describe.skipIf(!executablePath || !model)('live page', { timeout: timeoutMs }, () => {
  let dir: string;
  let studio: Studio;
  const browsers: Browser[] = [];

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mien-studio-live-'));
    studio = await openStudio({ models: [model!] });
    await writeFakeCamera(join(dir, 'one.y4m'), { photograph: join(photographs, 'sample1.jpg') });
  }, timeoutMs);
  afterEach(async () => {
    await Promise.all(browsers.splice(0).map((browser) => browser.close()));
  });
  afterAll(async () => {
    await studio?.close();
    if (dir) await rm(dir, { recursive: true });
  });

  async function open(camera: CameraOptions = {}, url = studio.url): ReturnType<typeof openPage> {
    const browser = await openBrowser(executablePath!, { ...camera, ...(camera.film ? { film: join(dir, camera.film) } : {}) });
    browsers.push(browser);
    return openPage(browser, url, '#live');
  }

  /** Keeps each track that the page opens, so that a test can see whether it is off, or take it away. */
  async function keepTracks(page: Page): Promise<void> {
    await page.evaluate(() => {
      const { mediaDevices } = navigator;
      const real = mediaDevices.getUserMedia.bind(mediaDevices);
      Object.assign(window, { tracks: [] });
      mediaDevices.getUserMedia = async (constraints) => {
        const stream = await real(constraints);
        (window as unknown as { tracks: MediaStreamTrack[] }).tracks.push(...stream.getTracks());
        return stream;
      };
    });
  }

  const trackStates = (page: Page): Promise<string[]> =>
    page.evaluate(() => (window as unknown as { tracks: MediaStreamTrack[] }).tracks.map(({ readyState }) => readyState));

  /** Waits until what matches `selector` has the focus. */
  const focused = (page: Page, selector: string): Promise<unknown> => page.waitForFunction((what) => document.activeElement?.matches(what), selector);

  const agree = (page: Page): Promise<void> => page.getByRole('button', { name: 'I agree' }).click();

  test('nothing starts before consent; then faces, bars and a timeline come; stopping turns the camera off', async () => {
    const { page, complaints, requests } = await open({ film: 'one.y4m' });
    await page.getByRole('heading', { name: 'Before the camera starts' }).waitFor();
    await page.getByText('The EU prohibits').waitFor();
    await keepTracks(page);
    expect(await trackStates(page)).toEqual([]);
    expect(requests.filter((url) => url.endsWith('.onnx'))).toEqual([]);

    await agree(page);
    await page.getByText('Camera on').waitFor();
    await focused(page, '.live-page');
    await page.locator('.live-face').first().waitFor();
    expect(await page.locator('.live-face').first().locator('.bar').count()).toBe(expressions.length);
    await page.waitForFunction(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('.timeline canvas')!;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      return data.some((value) => value > 0);
    });
    expect(await trackStates(page)).toEqual(['live']);
    // The page of photographs is another download.
    expect(requests.filter((url) => /photo-(page|worker)/.test(url))).toEqual([]);

    await page.getByRole('button', { name: 'Heat map' }).click();
    expect(await page.getByRole('button', { name: 'Heat map' }).getAttribute('aria-pressed')).toBe('true');
    await page.getByRole('button', { name: 'Stop camera' }).click();
    await page.getByRole('heading', { name: 'Before the camera starts' }).waitFor();
    await focused(page, '.consent');
    expect(await trackStates(page)).toEqual(['ended']);
    expect(complaints).toEqual([]);
  });

  test('a session is recorded and saved as csv, JSON and film', async () => {
    const { page } = await open({ film: 'one.y4m' });
    await agree(page);
    await page.locator('.live-face').first().waitFor();
    const film = page.getByLabel('with annotated video');
    await film.check();
    await page.getByRole('button', { name: 'Record session' }).click();
    await page.getByText(/^([2-9]|\d\d+) s recorded/).waitFor();
    await page.getByRole('button', { name: 'End recording' }).click();
    const save = async (name: string): Promise<Buffer> => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
      return readFile(await download.path());
    };
    const { looks } = JSON.parse((await save('Save JSON')).toString()) as { looks: { seconds: number; faces: { probabilities: object }[] }[] };
    expect(looks[0]!.seconds).toBe(0);
    expect(looks.at(-1)!.seconds).toBeGreaterThan(1);
    const faces = looks.flatMap(({ faces }) => faces);
    expect(faces.length).toBeGreaterThan(0);
    expect(Object.keys(faces[0]!.probabilities)).toEqual([...expressions]);
    const lines = (await save('Save CSV')).toString().trim().split('\r\n');
    expect(lines).toHaveLength(1 + looks.reduce((sum, look) => sum + Math.max(1, look.faces.length), 0));
    // EBML, with which every WebM begins.
    expect((await save('Save video')).subarray(0, 4).toString('hex')).toBe('1a45dfa3');
  });

  test('kiosk mode leaves nothing but the picture and an exit', async () => {
    const { page } = await open({ film: 'one.y4m' });
    await agree(page);
    await page.getByRole('button', { name: 'Kiosk mode' }).click();
    const exit = page.getByRole('button', { name: 'Exit' });
    await focused(page, '.exit-kiosk');
    expect(await page.locator('.kiosk').getByRole('button').count()).toBe(1);
    await page.locator('.kiosk').getByText('Camera on').waitFor();
    await exit.click();
    await page.getByRole('button', { name: 'Stop camera' }).waitFor();
    await page.waitForFunction(() => document.activeElement?.textContent === 'Kiosk mode');
  });

  test('a camera that was not allowed, or is not there, is told in plain words with a way on', async () => {
    const denied = await open({ film: 'one.y4m', allowed: false });
    await agree(denied.page);
    await denied.page.getByRole('heading', { name: 'The camera was not allowed' }).waitFor();
    await denied.page.getByRole('button', { name: 'Try again' }).waitFor();
    await focused(denied.page, '.notice');
    expect(denied.complaints).toEqual([]);
    const none = await open();
    await agree(none.page);
    await none.page.getByRole('heading', { name: 'There is no camera' }).waitFor();
    await none.page.getByRole('link', { name: 'Read photographs instead' }).click();
    await none.page.getByRole('heading', { name: 'Drop a photograph' }).waitFor();
  });

  test('an unplugged camera is told, and can be started again; leaving the page turns it off', async () => {
    const { page } = await open({ film: 'one.y4m' });
    await keepTracks(page);
    await agree(page);
    await page.getByText('Camera on').waitFor();
    await page.locator('.live-face').first().waitFor();
    await page.getByRole('button', { name: 'Record session' }).click();
    await page.getByText(/^[1-9]\d* s recorded/).waitFor();
    await page.evaluate(() => {
      const [track] = (window as unknown as { tracks: MediaStreamTrack[] }).tracks;
      track!.stop();
      track!.dispatchEvent(new Event('ended'));
    });
    await page.getByRole('heading', { name: 'The camera was unplugged' }).waitFor();
    // What was recorded until then is there, and stays.
    await page.getByText('s were recorded before the camera went off').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('.live-face').first().waitFor();
    await focused(page, '.live-page');
    expect(await trackStates(page)).toEqual(['ended', 'live']);
    await page.getByRole('link', { name: 'Photo' }).click();
    await page.getByRole('heading', { name: 'Drop a photograph' }).waitFor();
    expect(await trackStates(page)).toEqual(['ended', 'ended']);
    await page.getByRole('link', { name: 'Live' }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save JSON' }).click()]);
    const kept = JSON.parse(await readFile(await download.path(), 'utf8')) as { model: string; recordedAt: string; looks: object[] };
    expect(kept).toMatchObject({ model: expect.any(String), recordedAt: expect.any(String) });
    expect(kept.looks.length).toBeGreaterThan(0);
  });

  test('a model that is missing or damaged is told, and the camera does not stay on', async () => {
    const file = join(dir, 'replaced.onnx');
    await writeFile(file, await readFile(model!.file));
    const other = await openStudio({ models: [{ name: 'replaced', file }] });
    const { page } = await open({ film: 'one.y4m' }, other.url);
    await keepTracks(page);
    await writeFile(file, 'damaged');
    await agree(page);
    await page.getByRole('heading', { name: /The model (is damaged|has no card)/ }).waitFor();
    await rm(file);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'The model is missing' }).waitFor();
    await page.waitForFunction(() => (window as unknown as { tracks: MediaStreamTrack[] }).tracks.every(({ readyState }) => readyState === 'ended'));
    await other.close();
  });
});
