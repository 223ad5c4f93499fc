/** The engine trains in a real browser, in a worker, and arrives where Node arrives. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Device } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, howToGetChromium } from '../../../../apps/studio/test/find-chromium.ts';
import { probeKernels, relativeError } from '../../src/index.ts';
import { logitsOf, type SmallTraining, trainSmallNetwork } from '../train-small-network.ts';
import type { TrainRequest } from './page/messages.ts';
import { bundlePage, type PageServer, servePage } from './serve-page.ts';

const executablePath = findChromium();
if (!executablePath) console.warn(`training in a browser: skipped. ${howToGetChromium}`);

const steps = 20;
/** Fewer where an adapter in software does the work. */
const softwareSteps = 2;
/** SwiftShader is an adapter in software that Chromium brings along. */
const args = ['--no-sandbox', '--disable-background-networking', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

describe.skipIf(!executablePath)('training in a browser', () => {
  let dir: string;
  let browser: Browser;
  let inNode: SmallTraining;
  const servers: PageServer[] = [];

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mien-train-page-'));
    await Promise.all([bundlePage(join(dir, 'wasm'), 'wasm'), bundlePage(join(dir, 'webgpu'), 'webgpu')]);
    browser = await chromium.launch({ executablePath: executablePath!, args });
    inNode = await trainSmallNetwork(createSession, (await probeKernels(createSession)).kernels, steps);
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all(servers.map((server) => server.close()));
    if (dir) await rm(dir, { recursive: true });
  });

  async function trainInPage(bundle: 'wasm' | 'webgpu', device: Device, isolated: boolean, steps = 1, threads?: number) {
    const server = await servePage(join(dir, bundle), isolated);
    servers.push(server);
    const page = await browser.newPage();
    page.setDefaultTimeout(170_000);
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(`${server.url}/`) && !request.url().startsWith(`blob:${server.url}/`)) elsewhere.push(request.url());
    });
    await page.goto(server.url);
    await page.waitForFunction('globalThis.train');
    const request: TrainRequest = { device, steps, ortUrl: `${server.url}/ort/`, ...(threads ? { threads } : {}) };
    try {
      const reply = await page.evaluate((asked) => globalThis.train(asked), request);
      expect(await page.evaluate('crossOriginIsolated')).toBe(isolated);
      return { ...reply, model: Uint8Array.from(reply.model), images: Float32Array.from(reply.images), logits: Float32Array.from(reply.logits) };
    } finally {
      await page.close();
      expect(elsewhere).toEqual([]);
    }
  }

  it.each<[string, 'wasm' | 'webgpu', Device, boolean, number, number | undefined]>([
    ['WebAssembly, two threads', 'wasm', 'wasm', true, steps, 2],
    ['WebAssembly, one thread, in a page that is not isolated', 'wasm', 'wasm', false, steps, undefined],
    ['WebGPU', 'webgpu', 'webgpu', true, softwareSteps, undefined],
  ])("%s: Node's loss at the last step, and a model that gives the same logits in Node", async (name, bundle, device, isolated, count, threads) => {
    const inPage = await trainInPage(bundle, device, isolated, count, threads);
    const [last, expected] = [inPage.losses.at(-1)!, inNode.losses[count - 1]!];
    console.log(`${name}: loss at step ${count} ${last}, in Node ${expected}; ${(inPage.ms / count).toFixed(0)} ms a step (${inPage.report})`);
    expect(inPage.losses.length).toBe(count);
    expect(inNode.losses[0]! / inNode.losses.at(-1)!).toBeGreaterThan(2);
    expect(Math.abs(last - expected)).toBeLessThan(1e-3);
    expect(relativeError(await logitsOf(createSession, inPage.model, inPage.images), inPage.logits)).toBeLessThan(1e-4);
  });

  it('a device browsers do not have is refused, and so is WebGPU in a build without it', async () => {
    await expect(trainInPage('wasm', 'cuda', true)).rejects.toThrow(/DeviceError: device cuda is for Node; a browser has wasm, webgpu/);
    await expect(trainInPage('wasm', 'webgpu', true)).rejects.toThrow(/DeviceError: device webgpu/);
  });

  it('without an adapter WebGPU is refused, not replaced', async () => {
    const plain = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox', '--disable-background-networking', '--disable-gpu'] });
    const usual = browser;
    browser = plain;
    try {
      await expect(trainInPage('webgpu', 'webgpu', true)).rejects.toThrow(/DeviceError: device webgpu: this browser/);
    } finally {
      browser = usual;
      await plain.close();
    }
  });
});
