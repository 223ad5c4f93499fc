import { test } from 'vitest';
import { openBrowser, openPage, openStudio, releasedModel } from './open-studio.ts';
import { writeFakeCamera } from '../../../packages/web/test/fake-camera.ts';
import { findChromium } from './find-chromium.ts';
const out = '/tmp/studio-part/shots';
test('shots', async () => {
  const studio = await openStudio({ models: [releasedModel()!] });
  await writeFakeCamera('/tmp/studio-part/drawn.y4m', { photograph: '/work/main/docs/drawn-faces.svg' });
  const browser = await openBrowser(findChromium()!, { film: '/tmp/studio-part/drawn.y4m' });
  for (const [name, width, height] of [['desktop', 1440, 900], ['phone', 390, 844]] as const)
    for (const scheme of ['light', 'dark'] as const) {
      const { page } = await openPage(browser, studio.url, '#live');
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: scheme });
      await page.getByRole('button', { name: 'I agree' }).waitFor();
      await page.screenshot({ path: `${out}/consent-${name}-${scheme}.png`, fullPage: true });
      await page.getByRole('button', { name: 'I agree' }).click();
      await page.locator('.live-face').first().waitFor();
      await page.getByRole('button', { name: 'Heat map' }).click();
      await page.waitForTimeout(name === 'desktop' ? 15000 : 4000);
      await page.screenshot({ path: `${out}/live-${name}-${scheme}.png`, fullPage: true });
      if (scheme === 'light') { await page.getByRole('button', { name: 'Kiosk' }).click(); await page.waitForTimeout(1500); await page.screenshot({ path: `${out}/kiosk-${name}.png` }); }
      await page.close();
    }
  await browser.close();
  await studio.close();
}, 300000);
