/** The page "Personal" in a real browser, with a fake camera. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readCard } from '@mien/runtime';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFakeCamera } from '../../../packages/web/test/fake-camera.ts';
import { findChromium, howToGetChromium } from './find-chromium.ts';
import { openBrowser, openPage, openStudio, releasedModel, type Studio, timeoutMs } from './open-studio.ts';

const executablePath = findChromium();
const model = releasedModel();
if (!executablePath) console.warn(`studio personal in a browser: skipped. ${howToGetChromium}`);
else if (!model) console.warn('studio personal in a browser: skipped, no model is released; train and release one');

const photographs = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo');

describe.skipIf(!executablePath || !model)('personal page', { timeout: timeoutMs }, () => {
  let dir: string;
  let studio: Studio;
  let browser: Browser;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mien-studio-personal-'));
    studio = await openStudio({ models: [model!] });
    await writeFakeCamera(join(dir, 'one.y4m'), { photograph: join(photographs, 'sample1.jpg') });
    browser = await openBrowser(executablePath!, { film: join(dir, 'one.y4m') });
  }, timeoutMs);
  afterAll(async () => {
    await browser?.close();
    await studio?.close();
    if (dir) await rm(dir, { recursive: true });
  });

  test('a resting face is corrected, a model is learnt from two classes of one’s own, tried, saved, used and discarded; by keyboard', async () => {
    const { page, complaints, requests } = await openPage(browser, studio.url, '#personal');
    await page
      .getByText('lie in this tab’s memory')
      .or(page.getByRole('heading', { name: 'Made for your face' }))
      .waitFor();
    await page.getByRole('button', { name: 'I agree' }).press('Enter');
    await page.locator('.live-face').first().waitFor();
    await page.getByRole('button', { name: 'Correct my resting face' }).press('Enter');
    await page.getByRole('button', { name: 'Undo the correction' }).waitFor();

    const own = page.getByLabel('Or a class of your own');
    for (const label of ['thinking', 'laughing']) {
      await own.fill(label);
      await own.press('Enter');
      await page.getByRole('button', { name: `Record ${label}` }).press('Enter');
      await page.getByText(`Get ready: ${label}`).waitFor();
      await page.getByRole('button', { name: `Record more ${label}` }).waitFor();
    }
    await page.getByRole('button', { name: 'Train my model' }).press('Enter');
    await page.getByText('does not know these names').waitFor();
    await page.getByRole('cell', { name: /^\d+$/ }).first().waitFor();

    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as .onnx' }).press('Enter')]);
    expect(download.suggestedFilename()).toMatch(/-personal\.onnx$/);
    const card = readCard(new Uint8Array(await readFile(await download.path())));
    expect(card.labels).toEqual(['thinking', 'laughing']);
    expect(card.figures).toHaveLength(1);

    await page.getByRole('button', { name: 'Try it now' }).press('Enter');
    await page.locator('.live-face .bar', { hasText: 'thinking' }).waitFor();
    // Recordings are made with the model in use, so not meanwhile.
    expect(await page.getByRole('button', { name: 'Record more thinking' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Back to the model as it was' }).press('Enter');
    await page.locator('.live-face .bar', { hasText: 'Happy' }).waitFor();
    // What was recorded before is still there.
    expect(await page.getByRole('button', { name: 'Train again' }).isEnabled()).toBe(true);

    await page.getByRole('button', { name: 'Use it on every page' }).press('Enter');
    await page.getByRole('link', { name: 'Photo' }).click();
    await page.setInputFiles('input[type=file]', join(photographs, 'sample1.jpg'));
    await page.locator('article[data-state=done] .bar', { hasText: 'laughing' }).first().waitFor();
    await page.getByRole('link', { name: 'Personal' }).click();
    await page.getByRole('button', { name: 'Discard it' }).press('Enter');
    await page.locator('.model-summary strong', { hasText: model!.name }).waitFor();
    expect(await page.locator('.model-summary strong').innerText()).toBe(model!.name);

    // Nothing was sent: everything asked of the server is fetched, and no body goes with it.
    expect(requests.every((url) => url.startsWith(`${studio.url}/`) || url.startsWith(`blob:${studio.url}/`))).toBe(true);
    expect(complaints).toEqual([]);
    // Its camera would go on beside the next test.
    await page.close();
  });

  test('the expressions of the model: before and after are compared; discarding leaves nothing', async () => {
    const { page, complaints } = await openPage(browser, studio.url, '#personal');
    await page.getByRole('button', { name: 'I agree' }).click();
    await page.locator('.live-face').first().waitFor();
    expect(await page.getByRole('button', { name: 'Train my model' }).isDisabled()).toBe(true);
    for (const name of ['Happy', 'Sad']) {
      await page.getByRole('button', { name, exact: true }).click();
      await page.getByRole('button', { name: `Record ${name}` }).click();
      await page.getByRole('button', { name: `Record more ${name}` }).waitFor();
    }
    await page.getByRole('button', { name: 'Train my model' }).click();
    await page.getByText('frames held back: the end of each recording').waitFor();
    for (const share of await page.locator('.share dd').allInnerTexts()) expect(share).toMatch(/^\d+%|^<1%|^>99%/);
    // One class alone can be taken away, with what was recorded for it.
    await page.getByRole('button', { name: 'Remove Sad' }).click();
    await page.getByRole('button', { name: 'Record more Sad' }).waitFor({ state: 'detached' });
    expect(await page.getByRole('button', { name: 'Train again' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Discard everything' }).click();
    await page.getByRole('button', { name: 'Happy', exact: true }).waitFor();
    expect(await page.locator('.outcome').count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Train my model' }).isDisabled()).toBe(true);
    expect(complaints).toEqual([]);
  });
});
