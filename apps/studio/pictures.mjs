/**
 * Takes the pictures of the studio that the README shows, at desktop and phone size, of the built studio in a real browser.
 *
 *   npm run build && node apps/studio/pictures.mjs --runs runs --out docs
 *
 * The faces are drawn (docs/drawn-faces.svg), so that nobody's had to be published; the camera shows the same drawing.
 */
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { defaultModelName, liveModelName, releasedModelsUrl } from '@mien/released-models';
import { defaultDetectorPath, landmarksPath, lightDetectorPath } from '@mien/runtime/node';
import { startStudio } from '@mien/server';
import { chromium } from 'playwright-core';
import sharp from 'sharp';

const { values: flags } = parseArgs({
  options: {
    runs: { type: 'string' },
    out: { type: 'string', default: 'docs' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    only: { type: 'string' },
  },
});
const sizes = { '': { width: 1280, height: 860 }, '-phone': { width: 390, height: 844 } };
const drawing = fileURLToPath(new URL('../../docs/drawn-faces.svg', import.meta.url));
const released = fileURLToPath(releasedModelsUrl);
const models = readdirSync(released)
  .filter((name) => name.endsWith('.onnx'))
  .map((name) => ({ name: name.replace(/\.onnx$/, ''), file: join(released, name) }));

const dir = await mkdtemp(join(tmpdir(), 'mien-pictures-'));
/** A little softened: edges drawn by a machine are sharper than any photograph. */
const face = sharp(drawing, { density: 144 }).flatten().resize(900).blur(2.2);
const photograph = join(dir, 'two-people.png');
await face.clone().png().toFile(photograph);

/** The camera: the drawing, wandering a little. */
async function writeCamera(file) {
  const [width, height, margin, frames] = [640, 480, 14, 40];
  const whole = await sharp(photograph)
    .resize(width + 2 * margin, height + 2 * margin, { fit: 'cover' })
    .toBuffer();
  const pictures = [];
  for (let i = 0; i < frames; i++) {
    const turn = (2 * Math.PI * i) / frames;
    const [left, top] = [Math.cos(turn), Math.sin(turn)].map((v) => margin + Math.round(margin * v));
    pictures.push(await sharp(whole).extract({ left, top, width, height }).jpeg({ quality: 92 }).toBuffer());
  }
  await writeFile(file, Buffer.concat(pictures));
}
const camera = join(dir, 'camera.mjpeg');
await writeCamera(camera);

const studio = await startStudio({
  port: 0,
  studioDir: fileURLToPath(new URL('./dist', import.meta.url)),
  models,
  defaultModel: defaultModelName,
  liveModel: liveModelName,
  detectorFile: defaultDetectorPath,
  liveDetectorFile: lightDetectorPath,
  landmarksFile: landmarksPath,
  runsDir: flags.runs,
});
const browser = await chromium.launch({
  executablePath: flags.chromium,
  args: [
    '--no-sandbox',
    '--disable-background-networking',
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    `--use-file-for-fake-video-capture=${camera}`,
  ],
});

/** What a person does on each page before the picture is taken. */
const visits = {
  photo: async (page) => {
    await page.setInputFiles('input[type=file]', photograph);
    await page.locator('article[data-state=done]').waitFor();
  },
  live: async (page) => {
    await page.getByRole('button', { name: 'I agree' }).click();
    await page.locator('.live-face').first().waitFor();
    await page.getByRole('button', { name: 'Heat map' }).click();
    await page.waitForTimeout(20_000);
  },
  personal: async (page) => {
    await page.getByRole('button', { name: 'I agree' }).click();
    await page.locator('.live-face').first().waitFor();
    for (const name of ['Happy', 'Neutral']) await page.getByRole('button', { name, exact: true }).click();
    await page.getByRole('button', { name: 'Record Happy' }).click();
    await page.getByRole('button', { name: 'Record more Happy' }).waitFor();
    await page.getByRole('button', { name: 'Record Neutral' }).click();
    await page.getByText('Show Neutral now').waitFor();
    await page.waitForTimeout(1500);
  },
  models: async (page) => {
    await page.setInputFiles('input[type=file]', photograph);
    await page.locator('.compared article[data-state=done]').nth(1).waitFor();
  },
  ...(flags.runs ? { train: (page) => page.locator('.curves svg').first().waitFor() } : {}),
};

try {
  for (const [name, prepare] of Object.entries(visits)) {
    if (flags.only && flags.only !== name) continue;
    for (const [suffix, viewport] of Object.entries(sizes)) {
      const page = await browser.newPage({ viewport });
      await page.goto(`${studio.url}/#${name}`);
      await prepare(page);
      // On a phone what one sees at first; a camera stays in view there while the page is scrolled.
      const png = await page.screenshot({ fullPage: suffix === '' });
      const file = join(flags.out, `studio-${name}${suffix}.png`);
      await sharp(png).png({ palette: true, quality: 90, effort: 8 }).toFile(file);
      console.log(file);
      await page.close();
    }
  }
} finally {
  await browser.close();
  await studio.close();
  await rm(dir, { recursive: true });
}
