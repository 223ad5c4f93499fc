/** Every architecture's exported file gives the same logits in a real browser as in Node. */
import { createSession } from '@mien/onnx/node';
import { relativeError } from '@mien/engine';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, howToGetChromium } from '../../../../apps/studio/test/find-chromium.ts';
import { exportedFile, exportedLogits } from '../logits.ts';
import { classes, pixels, secondInputs, smallBuildNames, smallSetting } from '../small-builds.ts';
import { type ServedModel, serveModels } from './serve-models.ts';

const executablePath = findChromium();
if (!executablePath) console.warn(`architectures in a browser: skipped. ${howToGetChromium}`);

const N = 2;

describe.skipIf(!executablePath)('architectures in a browser', () => {
  let browser: Browser;
  let page: Page;
  let server: Awaited<ReturnType<typeof serveModels>>;
  const models = new Map<string, ServedModel>();
  const complaints: string[] = [];

  beforeAll(async () => {
    server = await serveModels(models);
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox', '--disable-background-networking'] });
    page = await browser.newPage();
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(`${server.url}/`)) complaints.push(request.url());
    });
    await page.goto(server.url);
    await page.waitForFunction('globalThis.logitsOf');
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it.each(smallBuildNames)('%s: the logits of onnxruntime-web are those of onnxruntime-node', async (name) => {
    const setting = smallSetting(name);
    const images = pixels(N, setting.input);
    const others = Object.entries(secondInputs(setting, N));
    models.set(name, { file: exportedFile(setting), inputs: { image: images, ...Object.fromEntries(others.map(([input, { data }]) => [input, data])) } });
    const shapes = { image: [N, ...setting.input], ...Object.fromEntries(others.map(([input, { shape }]) => [input, shape])) };
    const expected = await exportedLogits(setting, images, N, createSession);
    const actual = await page.evaluate(([model, given]) => globalThis.logitsOf(model, given), [name, shapes] as const);
    models.delete(name);
    expect(actual.length).toBe(N * classes);
    expect(relativeError(Float32Array.from(actual), expected)).toBeLessThan(1e-4);
    expect(complaints).toEqual([]);
  });
});
