/** The examples of live pages run as they stand: plain HTML with the element, and React. */
import { copyFile, cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { liveModelName } from '@mien/released-models';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { writeFakeCamera } from './fake-camera.ts';
import { executablePath, photographs, released, TestPages, timeoutMs } from './test-pages.ts';

const examples = fileURLToPath(new URL('../../../examples', import.meta.url));

describe.skipIf(!executablePath)('examples of live pages', { timeout: timeoutMs }, () => {
  let pages: TestPages;

  beforeAll(async () => {
    pages = await TestPages.start();
    await writeFakeCamera(join(pages.files, 'one.y4m'), { photograph: join(photographs, 'sample1.jpg') });
    const plain = join(pages.files, 'web-live');
    const react = join(pages.files, 'web-live-react');
    await mkdir(plain);
    await copyFile(join(examples, 'web-live/index.html'), join(plain, 'index.html'));
    await cp(join(pages.files, 'bundle'), join(plain, 'mien'), { recursive: true });
    const root = join(examples, 'web-live-react');
    await build({ root, configFile: join(root, 'vite.config.js'), logLevel: 'error', build: { outDir: react, emptyOutDir: true } });
    for (const folder of [plain, react]) await copyFile(join(released, `${liveModelName}.onnx`), join(folder, 'model.onnx'));
  }, timeoutMs);
  afterEach(() => pages?.closeBrowsers());
  afterAll(() => pages?.close());

  test.each(['web-live', 'web-live-react'])('examples/%s asks first, names faces, turns the camera off; nothing leaves the origin', async (name) => {
    const { page, complaints } = await pages.open({ film: 'one.y4m', path: `/files/${name}/index.html`, title: /^Expressions, live/ });
    // Cameras opened by the page, to see that they are closed.
    await page.evaluate(`window.tracks = [];
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (...options) => { const stream = await ask(...options); tracks.push(...stream.getTracks()); return stream; };`);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 200)));
    expect(await page.evaluate('tracks.length')).toBe(0);
    await page.click('text=I agree');
    await page.waitForFunction(() => /^Face \d+: \w+/.test(document.querySelector('p[role=status]')?.textContent ?? ''));
    await page.click('text=Stop the camera');
    const allOff = "tracks.length > 0 && tracks.every(({ readyState }) => readyState === 'ended')";
    await page.waitForFunction(allOff);
    if (name === 'web-live-react') {
      // The hook: an error turns the camera off as well. A browser tells of an unplugged camera by this event.
      await page.click('text=I agree');
      await page.waitForFunction(() => /^Face \d+: \w+/.test(document.querySelector('p[role=status]')?.textContent ?? ''));
      await page.evaluate("tracks.at(-1).dispatchEvent(new Event('ended'))");
      await page.waitForFunction(allOff);
      await page.waitForFunction(() => /unplugged/.test(document.querySelector('p[role=status]')?.textContent ?? ''));
    }
    expect(complaints).toEqual([]);
  });
});
