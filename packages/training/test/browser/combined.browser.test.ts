/** Combined and compressed models give the same logits in a real browser as in Node. */
import { decodeModel, encodeModel, halveWeights, quantiseWeights } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { readCard } from '@mien/runtime';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, howToGetChromium } from '../../../../apps/studio/test/find-chromium.ts';
import { type ServedModel, serveModels } from '../../../models/test/browser/serve-models.ts';
import { buildEnsemble } from '../../src/combine/ensemble.ts';
import { readMember } from '../../src/combine/member.ts';
import { tinyModel } from '../tiny-model.ts';

const executablePath = findChromium();
if (!executablePath) console.warn(`combined models in a browser: skipped. ${howToGetChromium}`);

const N = 2;
const [small, large] = [tinyModel({ seed: 1 }), tinyModel({ seed: 2, recipe: { input: [3, 60, 60], resizeTo: 66 } })];
const members = [readMember(small, 'small'), readMember(large, 'large')] as const;
const wide = tinyModel({ seed: 3, recipe: { modelOptions: { widths: '32-64', depths: '1-1', stem: 16, zeroInit: false } } });

const files: Record<string, Uint8Array> = {
  'an ensemble that resizes, mirrors and crops': buildEnsemble({ members: [...members], name: 'both', flip: true, crops: true }).bytes,
  'an ensemble that shrinks': buildEnsemble({ members: [members[0]], name: 'one', flip: false, crops: false, size: 96 }).bytes,
  'weights as int8': encodeModel(quantiseWeights(decodeModel(wide))),
  'weights as float16': encodeModel(halveWeights(decodeModel(wide))),
};

describe.skipIf(!executablePath)('in a browser', () => {
  let browser: Browser;
  let page: Page;
  let server: Awaited<ReturnType<typeof serveModels>>;
  const served = new Map<string, ServedModel>();

  beforeAll(async () => {
    server = await serveModels(served);
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox', '--disable-background-networking'] });
    page = await browser.newPage();
    await page.goto(server.url);
    await page.waitForFunction('globalThis.logitsOf');
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it.each(Object.entries(files))('%s: the logits of onnxruntime-web are those of onnxruntime-node', async (_, file) => {
    const { shape } = readCard(file).preprocessing.input;
    const data = Float32Array.from({ length: N * shape[0] * shape[1] * shape[2] }, (_, i) => 0.5 + 0.5 * Math.sin(i * 0.13) * Math.cos(i * 0.0007));
    const session = await createSession(file, { threads: 1 });
    const expected = (await session.run({ image: { dtype: 'float32', shape: [N, ...shape], data } })).logits!.data as Float32Array;
    await session.release();
    served.set('model', { file, inputs: { image: data } });
    const actual = await page.evaluate((dims) => globalThis.logitsOf('model', { image: dims }), [N, ...shape]);
    expect(actual.length).toBe(expected.length);
    expect(Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-4);
    expect(new Set(actual.map((value) => value.toFixed(3))).size).toBeGreaterThan(7);
  });
});
