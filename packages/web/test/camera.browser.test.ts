/** What happens to a camera while it is watched, in a real browser: it is unplugged, forbidden, its page frozen. */
import { join } from 'node:path';
import type { CDPSession, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { writeRealFilm } from './real-film.ts';
import { executablePath, moreFrames, TestPages, timeoutMs, watchCamera } from './test-pages.ts';

describe.skipIf(!executablePath)('a camera that is watched', { timeout: timeoutMs }, () => {
  let pages: TestPages;

  beforeAll(async () => {
    pages = await TestPages.start();
    console.log(`film: ${await writeRealFilm(join(pages.files, 'face.y4m'), 'one-face-20s.mp4')}`);
  }, timeoutMs);
  afterEach(() => pages?.closeBrowsers());
  afterAll(() => pages?.close());

  const codes = (page: Page): Promise<string[]> => page.evaluate(() => window.failed.map(({ code }) => code));

  test('each person in a film is one id, with steady probabilities', async () => {
    const { page, complaints } = await pages.open({ film: 'face.y4m' });
    await watchCamera(page, 40);
    const { looks, sums } = await page.evaluate(() => {
      const sums = window.seen.flatMap(({ faces }) => faces.map(({ probabilities }) => Object.values(probabilities).reduce((a, b) => a + b)));
      const looks = window.seen.map(({ faces }) => faces.map(({ id, box }) => ({ id, x: box.x + box.width / 2, y: box.y + box.height / 2 })));
      return { looks, sums };
    });
    // The photograph that stands in for the film has several people, who stay where they are: each is told by the place.
    const places = looks.toSorted((a, b) => b.length - a.length)[0]!;
    const idsAt = places.map((): number[] => []);
    for (const { id, x, y } of looks.flat()) {
      const distances = places.map((place) => Math.hypot(place.x - x, place.y - y));
      idsAt[distances.indexOf(Math.min(...distances))]!.push(id);
    }
    expect(idsAt.flat().length).toBeGreaterThan(20);
    for (const ids of idsAt) {
      const sightings = ids.map((id) => ids.filter((other) => other === id).length);
      expect(Math.max(...sightings), `ids of one person: ${ids.join(' ')}`).toBeGreaterThanOrEqual(0.9 * ids.length);
    }
    for (const sum of sums) expect(sum).toBeCloseTo(1, 6);
    expect(complaints).toEqual([]);
  });

  test('unplugged: the process that reads the camera is ended; told once, and nothing comes after', async () => {
    const { page, browser } = await pages.open({ film: 'face.y4m' });
    await watchCamera(page, 3);
    const { processInfo } = await (await browser.newBrowserCDPSession()).send('SystemInfo.getProcessInfo');
    const reader = processInfo.find(({ type }) => type.includes('VideoCapture'));
    expect(reader, `no process reads the camera among ${processInfo.map(({ type }) => type).join(', ')}`).toBeDefined();
    process.kill(reader!.id, 'SIGKILL');
    await page.waitForFunction(() => window.failed.length > 0);
    expect(await codes(page)).toEqual(['camera-lost']);
    const { count, state } = await page.evaluate(() => ({ count: window.seen.length, state: window.camera.getVideoTracks()[0]!.readyState }));
    expect(state).toBe('ended');
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
    expect(await page.evaluate(() => window.seen.length)).toBe(count);
  });

  test('forbidden while it runs: told; allowed again, the same model watches on', async () => {
    const { page, context } = await pages.open({ film: 'face.y4m', allowed: 'once' });
    await watchCamera(page, 3);
    await context.clearPermissions();
    await page.waitForFunction(() => window.failed.length > 0);
    expect(await codes(page)).toEqual(['camera-lost']);
    await context.grantPermissions(['camera'], { origin: pages.server.url });
    await watchCamera(page, 3);
    expect(await codes(page)).toEqual(['camera-lost']);
  });

  test('a page that is frozen and thawed watches on', async () => {
    const { page, context } = await pages.open({ film: 'face.y4m' });
    await watchCamera(page, 3);
    const session: CDPSession = await context.newCDPSession(page);
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await session.send('Page.setWebLifecycleState', { state: 'active' });
    await moreFrames(page, 3);
    expect(await codes(page)).toEqual([]);
  });
});
