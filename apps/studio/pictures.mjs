/**
 * Takes the pictures of the studio that the README shows, at desktop and phone size, of the built studio in a real browser.
 *
 *   npm run build && node apps/studio/pictures.mjs --runs runs --out docs
 *
 * Needs Chromium and ffmpeg.
 * The faces are drawn (docs/drawn-faces.svg), so that nobody's had to be published; the camera shows the same drawing.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
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
const mien = fileURLToPath(new URL('../../packages/cli/bin/mien.js', import.meta.url));

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

/** The same as a film of six seconds. */
const film = join(dir, 'two-people.webm');
execFileSync('ffmpeg', ['-v', 'error', '-stream_loop', '3', '-f', 'mjpeg', '-r', '25', '-i', camera, '-c:v', 'libvpx', '-b:v', '2M', film]);

/** Rows to label: both faces in several lights; one label is wrong. */
async function writeStore(store) {
  const folder = join(dir, 'faces');
  const crops = [
    { left: 94, top: 219, side: 300, labels: ['happy', 'happy', 'happy', 'sad'] },
    { left: 512, top: 222, side: 300, labels: ['surprise', 'surprise', 'surprise'] },
  ];
  for (const { left, top, side, labels } of crops) {
    for (const [i, label] of labels.entries()) {
      await mkdir(join(folder, label), { recursive: true });
      const crop = sharp(photograph).extract({ left, top: top + 4 * i, width: side, height: side });
      await crop
        .modulate({ brightness: 0.85 + 0.1 * i })
        .resize(48, 48)
        .greyscale()
        .png()
        .toFile(join(folder, label, `${left}-${i}.png`));
    }
  }
  execFileSync(process.execPath, [mien, 'data', 'import', folder, '--out', store], { stdio: 'ignore' });
}
const store = join(dir, 'drawn-faces');
await writeStore(store);

const args = ['studio', '--data', basename(store), ...(flags.runs ? ['--runs', resolve(flags.runs)] : [])];
// Where the store lies, so that pages name it without the way to it.
const studio = spawn(process.execPath, [mien, ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'inherit'] });
const [url] = await once(createInterface(studio.stdout), 'line');
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

const agree = (page) => page.getByRole('button', { name: 'I agree' }).click();

/** What a person does on each page before the picture is taken; consent is what Live shows first. */
const visits = {
  consent: (page) => page.getByRole('button', { name: 'I agree' }).waitFor(),
  photo: async (page) => {
    await page.setInputFiles('input[type=file]', photograph);
    await page.locator('article[data-state=done]').waitFor();
  },
  live: async (page) => {
    await agree(page);
    await page.locator('.live-face').first().waitFor();
    await page.getByRole('button', { name: 'Heat map' }).click();
    await page.waitForTimeout(20_000);
  },
  personal: async (page) => {
    await agree(page);
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
  video: async (page) => {
    await page.setInputFiles('input[type=file]', film);
    await page.getByText('frames read').waitFor();
    await page.getByRole('slider', { name: 'Moment of the film on show' }).focus();
    for (let i = 0; i < 5; i++) await page.keyboard.press('PageUp');
    await page.locator('.live-face').first().waitFor();
    await page.evaluate(() => scrollTo(0, 0));
    await page.waitForTimeout(1000);
  },
  label: async (page) => {
    await page.getByText('The model says').waitFor();
    await page.waitForTimeout(1000);
  },
  ...(flags.runs ? { train: (page) => page.locator('.curves svg').first().waitFor() } : {}),
};

try {
  for (const [name, prepare] of Object.entries(visits)) {
    if (flags.only && flags.only !== name) continue;
    for (const [suffix, viewport] of Object.entries(sizes)) {
      const page = await browser.newPage({ viewport });
      await page.goto(`${url}/#${name === 'consent' ? 'live' : name}`);
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
  studio.kill();
  await once(studio, 'exit');
  await rm(dir, { recursive: true });
}
