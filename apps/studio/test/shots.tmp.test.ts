import { spawn } from 'node:child_process';
import { test } from 'vitest';
import { openBrowser, openPage } from './open-studio.ts';
import { findChromium } from './find-chromium.ts';
const out = '/tmp/studio-part/shots';
test('shots', async () => {
  const cli = spawn('node', ['/work/main/packages/cli/bin/mien.js', 'studio', '--port', '0', '--model', '/tmp/run-se', '--data', '/tmp/studio-part/faces', '--runs', '/tmp/studio-part/runs']);
  let text = '';
  const url = await new Promise<string>((r) => cli.stdout.on('data', (d) => { text += d; const m = /http:\/\/\S+/.exec(text); if (m) r(m[0].replace(/\/$/, '')); }));
  const browser = await openBrowser(findChromium()!);
  for (const [name, width, height] of [['desktop', 1440, 900], ['phone', 390, 844]] as const)
    for (const scheme of ['light', 'dark'] as const) {
      const { page, complaints } = await openPage(browser, url, '#models');
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: scheme });
      const shot = (what: string) => page.screenshot({ path: `${out}/${what}-${name}-${scheme}.png`, fullPage: true });
      await page.locator('.model-tile').first().waitFor();
      await shot('models');
      await page.goto(`${url}/#train`); await page.locator('.curves circle').first().waitFor(); await shot('train');
      await page.goto(`${url}/#label`); await page.locator('.row-picture').waitFor(); await page.waitForTimeout(500); await shot('label');
      await page.goto(`${url}/#video`); await page.getByRole('button', { name: 'Choose a film' }).waitFor(); await shot('video-empty');
      if (name === 'desktop' && scheme === 'dark') { await page.setInputFiles('input[type=file]', '/work/shared/data/video/one-face-20s.mp4'); await page.waitForTimeout(7000); await page.getByRole('button', { name: 'Stop here' }).click(); await page.waitForTimeout(1000); await shot('video-done'); }
      if (name === 'phone' && scheme === 'dark') { await page.goto(`${url}/#models`); await page.setInputFiles('input[type=file]', '/work/main/docs/studio.png'); await page.waitForTimeout(12000); await shot('compare'); console.log((await page.locator('.side-by-side').innerText()).slice(0, 400)); }
      console.log(name, scheme, complaints);
      await page.close();
    }
  await browser.close();
  cli.kill('SIGINT');
}, 100000);
