/** The page "Photo" in a real browser, against a real server. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expressions, findExpressions } from '@mien/runtime';
import { createNodeRecogniser, decodeImage, defaultDetector, defaultDetectorPath, landmarksPath, lightDetectorPath } from '@mien/runtime/node';
import { defaultModelName, releasedModelsUrl } from '@mien/released-models';
import { startStudio } from '@mien/server';
import { type Browser, chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testCard, testModel } from '../../../packages/runtime/src/test-model.ts';
import type { PredictEntry } from '../src/photo/export-results.ts';
import { findChromium, howToGetChromium } from './find-chromium.ts';

const executablePath = findChromium();
if (!executablePath) console.warn(`studio in a browser: skipped. ${howToGetChromium}`);

const photographs = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo');
const studioDir = join(import.meta.dirname, '../dist');
const timeoutMs = 120_000;

/** The released model, or else one that tells faces by their brightness. */
async function modelFile(dir: string): Promise<{ name: string; file: string }> {
  const released = fileURLToPath(releasedModelsUrl);
  const found = readdirSync(released).filter((name) => name.endsWith('.onnx'));
  const name = found.includes(`${defaultModelName}.onnx`) ? `${defaultModelName}.onnx` : found[0];
  if (name) return { name: name.replace(/\.onnx$/, ''), file: join(released, name) };
  const file = join(dir, 'brightness.onnx');
  await writeFile(file, testModel([1, 0, 2, 4, -4, 0, 1], [0, 0, 0, -2, 2, 0, 0], { ...testCard, limits: ['Only for tests'] }));
  return { name: 'brightness', file };
}

describe.skipIf(!executablePath)('photo page', { timeout: timeoutMs }, () => {
  let dir: string;
  let model: { name: string; file: string };
  let studio: Awaited<ReturnType<typeof startStudio>>;
  let browser: Browser;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mien-studio-'));
    model = await modelFile(dir);
    studio = await startStudio({
      port: 0,
      studioDir,
      models: [model],
      detectorFile: defaultDetectorPath,
      liveDetectorFile: lightDetectorPath,
      landmarksFile: landmarksPath,
    });
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox', '--disable-background-networking'] });
  }, timeoutMs);
  afterAll(async () => {
    await browser?.close();
    await studio?.close();
    if (dir) await rm(dir, { recursive: true });
  });

  /** Opens the studio; `complaints` gathers errors of the page and requests to anywhere else. */
  async function open(url = studio.url): Promise<{ page: Page; complaints: string[] }> {
    const page = await browser.newPage();
    page.setDefaultTimeout(timeoutMs);
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('request', (request) => {
      if (!request.url().startsWith(`${url}/`) && !request.url().startsWith(`blob:${url}/`)) complaints.push(request.url());
    });
    await page.goto(url);
    await page.getByRole('heading', { level: 1 }).waitFor();
    return { page, complaints };
  }

  async function savedResults(page: Page): Promise<PredictEntry[]> {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save JSON' }).click()]);
    return JSON.parse(await readFile(await download.path(), 'utf8')) as PredictEntry[];
  }

  test('a photograph gets a box and seven bars for each face, and nothing leaves the origin', async () => {
    const { page, complaints } = await open();
    await page.setInputFiles('input[type=file]', join(photographs, 'sample1.jpg'));
    await page.locator('article[data-state=done]').waitFor();
    const boxes = await page.locator('.box').count();
    expect(boxes).toBeGreaterThan(0);
    expect(await page.locator('.face').count()).toBe(boxes);
    for (const face of await page.locator('.face').all()) expect(await face.locator('.bar').count()).toBe(expressions.length);
    expect(await page.evaluate('crossOriginIsolated')).toBe(true);

    await page.locator('.box').first().focus();
    expect(await page.locator('.face').first().getAttribute('class')).toContain('active');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.className')).toContain('face ');

    await page.getByRole('button', { name: 'Remove sample1.jpg' }).focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('article').count()).toBe(0);
    // What was pressed is gone; the focus is not back at the beginning of the page.
    await expect.poll(() => page.evaluate('document.activeElement === document.body')).toBe(false);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('a browser and Node give the same faces with the same probabilities', async () => {
    // PNG: decoders of JPEG differ by a grey level here and there.
    const png = join(dir, 'faces.png');
    await sharp(join(photographs, 'sample2.jpg')).resize(900).png().toFile(png);
    const { page } = await open();
    await page.setInputFiles('input[type=file]', png);
    await page.locator('article[data-state=done]').waitFor();
    const [entry] = await savedResults(page);
    await page.close();

    const image = await decodeImage(png);
    const [detector, recogniser] = await Promise.all([defaultDetector({ threads: 1 }), createNodeRecogniser(model.file, { threads: 1 })]);
    const faces = await findExpressions(image, detector, recogniser);
    await Promise.all([detector.release(), recogniser.release()]);

    expect(entry).toMatchObject({ file: 'faces.png', width: image.width, height: image.height, model: model.name });
    if (!entry || !('faces' in entry)) throw new Error('no result');
    expect(faces.length).toBeGreaterThan(0);
    expect(entry.faces.map(({ expression }) => expression)).toEqual(faces.map(({ expression }) => expression));
    for (const [i, { box, detection, probabilities }] of faces.entries()) {
      const seen = entry.faces[i]!;
      expect(Object.keys(seen)).toEqual(['box', 'detection', 'expression', 'probabilities', 'unsure']);
      expect(Math.abs(seen.detection - detection)).toBeLessThan(1e-3);
      for (const side of ['x', 'y', 'width', 'height'] as const) expect(Math.abs(seen.box[side] - box[side])).toBeLessThan(0.1);
      for (const label of expressions) expect(Math.abs(seen.probabilities[label]! - probabilities[label]!)).toBeLessThan(1e-3);
    }
  });

  test('pictures can be dropped and pasted; they are turned upright and laid on white', async () => {
    const { page } = await open();
    const wide = { create: { width: 60, height: 40, channels: 4, background: '#00000000' } } as const;
    const files = {
      'dropped.jpg': (await sharp(wide).flatten({ background: '#fff' }).withMetadata({ orientation: 6 }).jpeg().toBuffer()).toString('base64'),
      'pasted.png': (await sharp(wide).png().toBuffer()).toString('base64'),
    };
    await page.evaluate((encoded) => {
      const [dropped, pasted] = Object.entries(encoded).map(([name, text]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
        return transfer;
      });
      document.querySelector('h1')!.dispatchEvent(new DragEvent('drop', { dataTransfer: dropped!, bubbles: true, cancelable: true }));
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: pasted!, bubbles: true }));
    }, files);
    await page.locator('article[data-state=done]').nth(1).waitFor();
    expect(await savedResults(page)).toEqual([
      { file: 'dropped.jpg', width: 40, height: 60, model: model.name, faces: [] },
      { file: 'pasted.png', width: 60, height: 40, model: model.name, faces: [] },
    ]);
    const shown = await page
      .locator('article img')
      .last()
      .evaluate(async (image: HTMLImageElement) => {
        const context = new OffscreenCanvas(1, 1).getContext('2d')!;
        await image.decode();
        context.drawImage(image, 0, 0);
        return [...context.getImageData(0, 0, 1, 1).data];
      });
    expect(shown).toEqual([255, 255, 255, 255]);
    await page.close();
  });

  test('what is no picture is said to be none, a picture without a face can be read whole', async () => {
    const { page } = await open();
    const plain = await sharp({ create: { width: 320, height: 240, channels: 3, background: '#88aacc' } })
      .png()
      .toBuffer();
    await page.setInputFiles('input[type=file]', [
      { name: 'text.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('not a picture') },
      { name: 'empty.png', mimeType: 'image/png', buffer: Buffer.alloc(0) },
      { name: 'plain.png', mimeType: 'image/png', buffer: plain },
    ]);
    await page.getByText('This is not a picture the browser can read').first().waitFor();
    await page.getByText('The file is empty').first().waitFor();
    await page.getByRole('button', { name: 'Read the whole picture as one face' }).click();
    await page.locator('article[data-state=done] .face').waitFor();
    expect(await page.locator('.bar').count()).toBe(expressions.length);
    const results = await savedResults(page);
    expect(results.map((entry) => ('error' in entry ? entry.error.code : entry.faces[0]!.box))).toEqual([
      'unreadable-image',
      'empty-file',
      { x: 0, y: 0, width: 320, height: 240 },
    ]);
    await page.getByRole('button', { name: 'Clear all' }).click();
    await page.getByRole('heading', { name: 'Drop a photograph' }).waitFor();
    await page.close();
  });

  test('the model card opens by keyboard and closes with Escape', async () => {
    const { page } = await open();
    await page.getByRole('button', { name: 'Model card' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'What it cannot do' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'What it cannot do' }).waitFor({ state: 'hidden' });
    await page.close();
  });

  test('without a released model the page says so', async () => {
    const bare = await startStudio({
      port: 0,
      studioDir,
      models: [],
      detectorFile: defaultDetectorPath,
      liveDetectorFile: lightDetectorPath,
      landmarksFile: landmarksPath,
    });
    const { page, complaints } = await open(bare.url);
    await page.getByRole('heading', { name: 'There is no model yet' }).waitFor();
    expect(await page.getByRole('button', { name: 'Choose pictures' }).isDisabled()).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
    await bare.close();
  });

  test('a worker that crashes is told, and a new one reads what came meanwhile', async () => {
    const { page } = await open();
    await page.addInitScript(() => {
      const workers: Worker[] = [];
      const Real = Worker;
      Object.assign(window, {
        workers,
        Worker: class extends Real {
          constructor(...how: ConstructorParameters<typeof Worker>) {
            super(...how);
            workers.push(this);
          }
        },
      });
    });
    await page.reload();
    await page.setInputFiles('input[type=file]', join(photographs, 'sample1.jpg'));
    await page.locator('article[data-state=done]').waitFor();
    await page.evaluate(() => {
      const { workers } = window as unknown as { workers: Worker[] };
      workers[0]!.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }));
    });
    await page.getByText('out of memory').waitFor();
    await page.setInputFiles('input[type=file]', join(photographs, 'sample1.jpg'));
    expect(await page.locator('article[data-state=waiting]').count()).toBe(1);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('article[data-state=done]').nth(1).waitFor();
    expect(await page.evaluate(() => (window as unknown as { workers: Worker[] }).workers.length)).toBe(2);
    await page.close();
  });

  test('a model that cannot be loaded is told, and can be tried again', async () => {
    const file = join(dir, 'replaced.onnx');
    await writeFile(file, await readFile(model.file));
    const other = await startStudio({
      port: 0,
      studioDir,
      models: [{ name: 'replaced', file }],
      detectorFile: defaultDetectorPath,
      liveDetectorFile: lightDetectorPath,
      landmarksFile: landmarksPath,
    });
    await writeFile(file, 'damaged');
    const { page } = await open(other.url);
    await page.getByRole('heading', { name: 'The model could not be loaded.' }).waitFor();
    await writeFile(file, await readFile(model.file));
    await page.setInputFiles('input[type=file]', join(photographs, 'sample1.jpg'));
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('article[data-state=done]').waitFor();
    await page.close();
    await other.close();
  });
});
