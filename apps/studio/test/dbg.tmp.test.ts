import { test } from 'vitest';
import { openBrowser, openPage, openStudio, releasedModel } from './open-studio.ts';
import { findChromium } from './find-chromium.ts';
test('dbg', async () => {
  const studio = await openStudio({ models: [releasedModel()!] });
  const browser = await openBrowser(findChromium()!);
  const { page, complaints } = await openPage(browser, studio.url, '#video');
  page.on('console', (m) => console.log(m.text()));
  const t = Date.now();
  await page.setInputFiles('input[type=file]', '/work/shared/data/video/no-face.mp4');
  for (let i = 0; i < 8; i++) { await page.waitForTimeout(1500); console.log(Date.now() - t, (await page.locator('main').innerText()).replace(/\n/g, ' | ').slice(0, 160)); }
  const r = await page.evaluate(async () => {
      const canvas = document.createElement('canvas');
      Object.assign(canvas, { width: 320, height: 240 });
      const context = canvas.getContext('2d')!;
      const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: 'video/webm' });
      const chunks: Blob[] = [];
      recorder.addEventListener('dataavailable', ({ data }) => chunks.push(data));
      recorder.start();
      for (let i = 0; i < 14; i++) { context.fillStyle = `rgb(${i * 15} 90 90)`; context.fillRect(0, 0, 320, 240); await new Promise((r) => setTimeout(r, 50)); }
      await new Promise((resolve) => { recorder.addEventListener('stop', resolve); recorder.stop(); });
      const blob = new Blob(chunks);
      const v = document.createElement('video'); v.muted = true; v.preload = 'auto'; const log: string[] = [String(blob.size)];
      for (const e of ['loadedmetadata', 'loadeddata', 'durationchange', 'seeked', 'error']) v.addEventListener(e, () => log.push(`${e} ${v.duration} ${v.currentTime}`));
      v.src = URL.createObjectURL(blob);
      await new Promise((r) => setTimeout(r, 1500));
      v.currentTime = 1e10;
      await new Promise((r) => setTimeout(r, 1500));
      return log;
  });
  console.log(r, complaints);
  await browser.close();
  await studio.close();
}, 100000);
