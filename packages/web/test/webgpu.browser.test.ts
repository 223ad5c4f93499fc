/** WebGPU in a real browser, on the adapter in software that Chromium brings along: it works, and its loss is told and survived. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { DeviceChange } from '../src/index.ts';
import { writeFakeCamera } from './fake-camera.ts';
import { testModel } from '../../runtime/src/test-model.ts';
import { codeOf, executablePath, moreFrames, photographs, TestPages, watchCamera } from './test-pages.ts';

declare global {
  interface Window {
    workers: Worker[];
    changes: DeviceChange[];
  }
}

/** A processor that plays graphics card compiles a hundred shaders first. */
const timeoutMs = 300_000;
/** Small: that the card and the processor agree on real networks is tested with the engine. */
const model = '/files/small.onnx';
const args = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/** Put behind the worker's script: makes the graphics device go away when the test says so. */
const saboteur = `
;{ const request = GPUAdapter.prototype.requestDevice;
GPUAdapter.prototype.requestDevice = async function (...options) {
  const device = await request.apply(this, options);
  addEventListener('message', ({ data }) => { if (data?.kind === 'lose-device') device.destroy(); });
  return device;
}; }`;

/** In the page: keeps its workers at hand, and takes the adapter in software for a real one. */
const preparation = `window.workers = []; window.changes = [];
const { Worker: RealWorker } = window;
window.Worker = class extends RealWorker { constructor(...options) { super(...options); window.workers.push(this); } };
if (window.GPUAdapterInfo) Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => window.software });`;

describe.skipIf(!executablePath)('WebGPU', { timeout: timeoutMs }, () => {
  let pages: TestPages;

  beforeAll(async () => {
    pages = await TestPages.start();
    const worker = join(pages.files, 'bundle/mien-worker-webgpu.js');
    await writeFile(worker, (await readFile(worker, 'utf8')) + saboteur);
    await writeFile(join(pages.files, 'small.onnx'), testModel([1, -1, 2, 0.5, -2, 3, 0], [0, 0.5, 0, 0, 1, -1, 0.2]));
    await writeFakeCamera(join(pages.files, 'one.y4m'), { photograph: join(photographs, 'sample1.jpg') });
  }, timeoutMs);
  afterEach(() => pages?.closeBrowsers());
  afterAll(() => pages?.close());

  /** A page with WebGPU, or undefined where this Chromium has no adapter at all. `software`: what the adapter says it is. */
  async function open(software: boolean): Promise<{ page: Page; complaints: string[] }> {
    const { page, complaints } = await pages.open({ film: 'one.y4m', args });
    await page.evaluate(preparation);
    await page.evaluate((value) => Object.assign(window, { software: value }), software);
    expect(await page.evaluate('navigator.gpu.requestAdapter().then((adapter) => adapter !== null)')).toBe(true);
    return { page, complaints };
  }

  const openMien = (page: Page, device: 'auto' | 'webgpu'): Promise<string> =>
    page.evaluate(
      async ({ model, device }) => {
        window.mien = await window.web.openMien({ model, device, onDeviceChange: (change) => window.changes.push(change) });
        return window.mien.device;
      },
      { model, device },
    );
  const loseDevice = (page: Page, worker: number): Promise<void> => page.evaluate((i) => window.workers[i]!.postMessage({ kind: 'lose-device' }), worker);
  const changes = (page: Page): Promise<{ device: string; code: string }[]> =>
    page.evaluate(() => window.changes.map(({ device, reason }) => ({ device, code: reason.code })));

  test('an adapter in software is passed over for WebAssembly, and the choice can be read', async () => {
    const { page } = await open(true);
    expect(await openMien(page, 'auto')).toBe('wasm');
    expect(await changes(page)).toEqual([]);
  });

  test('asked for by name and lost: nothing takes its place, the watch ends with the reason', async () => {
    const { page, complaints } = await open(true);
    expect(await openMien(page, 'webgpu')).toBe('webgpu');
    // No frame is waited for: each takes this adapter long. That cards compute what processors do is tested with the engine.
    await page.evaluate(() => {
      const options = { onFaces: () => {}, onError: ({ code, message }: { code: string; message: string }) => window.failed.push({ code, message }) };
      window.live = window.mien.watch(document.createElement('video'), options);
    });
    await loseDevice(page, 0);
    await page.waitForFunction(() => window.failed.length > 0);
    expect(await page.evaluate(() => window.failed.map(({ code }) => code))).toEqual(['webgpu-lost']);
    expect(await changes(page)).toEqual([]);
    expect(await codeOf(page, "await mien.recognise(await (await fetch('/photos/sample2.jpg')).blob())")).toMatch(/^webgpu-lost: .*leave `device` out/);
    expect(complaints).toEqual([]);
  });

  test('chosen by itself and lost: WebAssembly takes over, the page is told, the watch goes on, recordings are kept', async () => {
    const { page, complaints } = await open(false);
    expect(await openMien(page, 'auto')).toBe('webgpu');
    await watchCamera(page, 1, { model });
    // No seconds: one frame with a face, as each takes this adapter long.
    await page.evaluate(() => window.live.record('before', { seconds: 0 }));
    await loseDevice(page, 0);
    await page.waitForFunction(() => window.changes.length > 0);
    expect(await changes(page)).toEqual([{ device: 'wasm', code: 'webgpu-lost' }]);
    expect(await page.evaluate(() => window.mien.device)).toBe('wasm');
    await moreFrames(page, 5);
    expect(await page.evaluate(() => window.seen.at(-1)!.faces.length)).toBeGreaterThan(0);
    expect(await page.evaluate(() => window.failed)).toEqual([]);
    // One class is too few to learn from: what was recorded before the loss is counted.
    expect(await codeOf(page, 'await mien.trainPersonal()')).toMatch(/^too-few-recordings: .*(1 class|frames of before)/);
    expect(complaints).toEqual([]);
  });

  test('missing: asked for by name it is an error', async () => {
    const { page } = await pages.open({ args: ['--disable-gpu'] });
    expect(await codeOf(page, `await web.openMien({ model: '${model}', device: 'webgpu' })`)).toMatch(/^webgpu-missing: /);
  });
});
