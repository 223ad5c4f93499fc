/** The pages "Models", "Video", "Label" and "Train" in a real browser. */
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expressions, UserError } from '@mien/runtime';
import type { LabelDesk, LabelOverview, LabelRow, RunDesk, RunJudgement, RunStart } from '@mien/server';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, howToGetChromium } from './find-chromium.ts';
import { openBrowser, openPage, openStudio, releasedModel, timeoutMs } from './open-studio.ts';

const executablePath = findChromium();
const model = releasedModel();
if (!executablePath) console.warn(`studio pages in a browser: skipped. ${howToGetChromium}`);
else if (!model) console.warn('studio pages in a browser: skipped, no model is released; train and release one');

const photographs = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo');

/** Three rows in memory; keeps what is decided. */
class FewRows implements LabelDesk {
  readonly decisions: object[] = [];
  readonly #rows: readonly LabelRow[] = [
    { id: 0, split: 'train', label: 'angry', guess: 'happy', confidence: 0.9 },
    { id: 1, split: 'train', label: 'sad', guess: 'sad', confidence: 0.4 },
    { id: 2, split: 'train', label: 'fear' },
  ];
  overview(): LabelOverview {
    const image = { channels: 1, height: 4, width: 4 };
    const counts = { rows: 3, decided: this.decisions.length, relabelled: 0, dropped: 0, judged: 2, disagreements: 1 };
    return { store: 'made-up', labels: expressions, image, journal: 'made-up.labelling.csv', ...counts };
  }
  next(): readonly LabelRow[] {
    return this.#rows.slice(this.decisions.length);
  }
  async image(): Promise<Uint8Array> {
    return new Uint8Array(16).fill(200);
  }
  async decide(decision: object): Promise<void> {
    this.decisions.push(decision);
  }
  async undo(): Promise<LabelRow | undefined> {
    return this.decisions.pop() && this.#rows[this.decisions.length];
  }
}

/** A desk that trains nothing: one run, judged already, and what it is asked. */
class OneRun implements RunDesk {
  readonly start = { recipes: ['mien-seresnet', 'se-cnn'], data: 'faces' };
  readonly began: RunStart[] = [];
  readonly names = new Set<string>();
  #asked = 0;
  running = () => this.names;
  failures = () => [{ name: 'broken', message: 'faces: no split public; it has train' }];
  async begin(run: RunStart): Promise<void> {
    if (run.name === 'first') throw new UserError('run-exists', 'runs/first: there is something of this name already; choose another name');
    this.began.push(run);
    this.names.add(run.name);
  }
  async resume(name: string): Promise<void> {
    this.names.add(name);
  }
  stop(name: string): void {
    this.names.delete(name);
  }
  async judgement(): Promise<RunJudgement> {
    if (this.#asked++ === 0) return { state: 'judging', done: 1, total: 10 };
    const mistakes = [
      { row: 3, label: 'sad', guess: 'happy', confidence: 0.9 },
      { row: 5, label: 'happy', guess: 'sad', confidence: 0.4 },
    ];
    const confusion = [
      [4, 1],
      [1, 4],
    ];
    const image = { channels: 1, height: 4, width: 4 };
    return { state: 'done', on: 'faces, split public', labels: ['happy', 'sad'], confusion, mistakes, image, outdated: false };
  }
  async image(): Promise<Uint8Array> {
    return new Uint8Array(16).fill(120);
  }
}

describe.skipIf(!executablePath || !model)('further pages', { timeout: timeoutMs }, () => {
  let browser: Browser;
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mien-studio-pages-'));
    browser = await openBrowser(executablePath!);
  }, timeoutMs);
  afterAll(async () => {
    await browser?.close();
    if (dir) await rm(dir, { recursive: true });
  });

  test('models can be switched, and two read the same picture side by side', async () => {
    const studio = await openStudio({ models: [model!, { ...model!, name: 'twin' }] });
    const { page, complaints } = await openPage(browser, studio.url, '#models');
    await page.getByRole('button', { name: 'Use twin' }).click();
    await page.locator('.model-summary strong', { hasText: 'twin' }).waitFor();
    expect(await page.getByRole('button', { name: 'In use: twin' }).innerText()).toBe('In use');
    await page.setInputFiles('input[type=file]', join(photographs, 'sample1.jpg'));
    await page.locator('.compared article[data-state=done]').nth(1).waitFor();
    const [left, right] = await page.locator('.compared').all();
    const bars = await left!.locator('.bars').allTextContents();
    expect(bars.length).toBeGreaterThan(0);
    expect(await right!.locator('.bars').allTextContents()).toEqual(bars);
    // A box leads to the card beside it, not to the other column's; further pictures join those that are there.
    await right!.locator('.box').first().press('Enter');
    expect(
      await right!
        .locator('.face')
        .first()
        .evaluate((face) => face === document.activeElement),
    ).toBe(true);
    await page.setInputFiles('input[type=file]', join(photographs, 'sample1.jpg'));
    await page.locator('.compared article').nth(3).waitFor();
    expect(await page.title()).toBe('Models · Mien');
    expect(complaints).toEqual([]);
    await page.close();
    await studio.close();
  });

  test('a film is read to its end, and what is no film is told', async () => {
    const studio = await openStudio({ models: [model!] });
    const { page } = await openPage(browser, studio.url, '#video');
    // Drawn and recorded by the browser itself: a film of three seconds, without its duration, as such films are.
    const film = await page.evaluate(async () => {
      const canvas = document.createElement('canvas');
      Object.assign(canvas, { width: 320, height: 240 });
      const context = canvas.getContext('2d')!;
      const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: 'video/webm' });
      const chunks: Blob[] = [];
      recorder.addEventListener('dataavailable', ({ data }) => chunks.push(data));
      recorder.start();
      for (let i = 0; i < 30; i++) {
        context.fillStyle = `rgb(${i * 8} 90 90)`;
        context.fillRect(0, 0, 320, 240);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await new Promise((resolve) => {
        recorder.addEventListener('stop', resolve);
        recorder.stop();
      });
      return [...new Uint8Array(await new Blob(chunks).arrayBuffer())];
    });
    await page.setInputFiles('input[type=file]', { name: 'film.webm', mimeType: 'video/webm', buffer: Buffer.from(film) });
    await page.getByText('0 faces followed').waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save CSV' }).click()]);
    expect(download.suggestedFilename()).toBe('film.csv');
    expect(Number.parseInt(await page.getByText('frames read').innerText(), 10)).toBeGreaterThan(2);
    // Boxes are drawn where the faces are, on a phone too.
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 844 });
      const [picture, boxes] = await Promise.all(['video', 'canvas'].map((part) => page.locator(`.live-stage > ${part}`).boundingBox()));
      for (const side of ['x', 'y', 'width', 'height'] as const) expect(Math.abs(boxes![side] - picture![side]), `${side} at ${width}`).toBeLessThan(1);
    }
    await page.getByRole('button', { name: 'Make annotated video' }).click();
    const [annotated] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save video' }).click()]);
    expect(annotated.suggestedFilename()).toBe('film-annotated.webm');
    // EBML, with which every WebM begins; more than its header.
    const bytes = await readFile(await annotated.path());
    expect(bytes.subarray(0, 4).toString('hex')).toBe('1a45dfa3');
    expect(bytes.length).toBeGreaterThan(1000);
    await page.setInputFiles('input[type=file]', { name: 'text.mp4', mimeType: 'video/mp4', buffer: Buffer.from('no film') });
    await page.getByRole('heading', { name: 'The film cannot be read' }).waitFor();
    await page.close();
    await studio.close();
  });

  test('rows are labelled by keyboard, and the last decision is undone', async () => {
    const desk = new FewRows();
    const studio = await openStudio({ models: [model!], desk });
    const { page, complaints } = await openPage(browser, studio.url, '#label');
    await page.getByText('The model says Happy, 90%').waitFor();
    // Behind the model card nothing is decided.
    await page.getByRole('button', { name: 'Model card' }).click();
    await page.keyboard.press('x');
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    expect(desk.decisions).toEqual([]);
    // The button has the focus again, and Enter would press it.
    await page.locator('main').focus();
    await page.keyboard.press('g');
    await page.getByText('The model says Sad, 40%').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('The model has not judged this picture').waitFor();
    await page.keyboard.press('z');
    await page.getByText('The model says Sad, 40%').waitFor();
    // Enter keeps the label after a click too, and does not press the clicked button once more.
    await page.keyboard.press('z');
    await page.getByText('The model says Happy, 90%').waitFor();
    await page.getByRole('button', { name: /Happy/ }).click();
    await page.getByText('The model says Sad, 40%').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('The model has not judged this picture').waitFor();
    expect(desk.decisions.at(-1)).toEqual({ id: 1, action: 'keep' });
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('The model says Sad, 40%').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('The model has not judged this picture').waitFor();
    await page.keyboard.press('z');
    await page.getByText('The model says Sad, 40%').waitFor();
    await page.keyboard.press('x');
    await page.getByText('The model has not judged this picture').waitFor();
    await page.keyboard.press('1');
    await page.getByText('Every picture is decided').waitFor();
    expect(desk.decisions).toEqual([
      { id: 0, action: 'relabel', to: 'happy' },
      { id: 1, action: 'drop' },
      { id: 2, action: 'relabel', to: expressions[0] },
    ]);
    expect(complaints).toEqual([]);
    await page.close();
    await studio.close();
  });

  test('runs are drawn and followed; without a store or a folder the pages say how to give one', async () => {
    const log = join(dir, 'runs/first/log.jsonl');
    await mkdir(dirname(log), { recursive: true });
    const epoch = (n: number): string => {
      const figures = { loss: 2 / n, accuracy: 1 - 1 / (n + 1) };
      return `${JSON.stringify({ type: 'epoch', epoch: n, best: true, train: figures, validation: figures, seconds: 1 })}\n`;
    };
    await writeFile(log, `${JSON.stringify({ type: 'start', epochs: 3 })}\n${epoch(1)}`);
    const studio = await openStudio({ models: [], runsDir: join(dir, 'runs') });
    const { page } = await openPage(browser, studio.url, '#train');
    await page.getByText('50.0%, epoch 1').waitFor();
    await appendFile(log, epoch(2));
    await page.getByText('66.7%, epoch 2').waitFor();
    expect(
      await page
        .getByRole('img', { name: /^Validation accuracy over epochs of first/ })
        .locator('circle')
        .count(),
    ).toBe(2);
    await page.getByText('mien studio --runs DIR --data STORE').waitFor();
    await page.getByRole('link', { name: 'Label' }).click();
    await page.getByText('mien studio --data STORE').waitFor();
    await page.close();
    await studio.close();
  });

  test('a run is started, stopped and looked into from the page; recipes are compared', async () => {
    const runs = join(dir, 'two-runs');
    for (const [name, batch] of [
      ['first', 64],
      ['second', 128],
    ] as const) {
      await mkdir(join(runs, name), { recursive: true });
      await writeFile(join(runs, name, 'log.jsonl'), `${JSON.stringify({ type: 'start', epochs: 3 })}\n`);
      await writeFile(join(runs, name, 'recipe.json'), JSON.stringify({ name: 'se-cnn', stages: [{ batch, epochs: 3 }] }));
    }
    const runDesk = new OneRun();
    const studio = await openStudio({ models: [], runsDir: runs, runDesk });
    const { page, complaints } = await openPage(browser, studio.url, '#train');
    await page.getByText('broken ended with an error: faces: no split public').waitFor();
    await page.getByText('The recipes differ in 1 field').click();
    await page
      .getByRole('row', { name: 'stages.0.batch 64 128' })
      .or(page.getByRole('row', { name: 'stages.0.batch 128 64' }))
      .waitFor();

    await page.getByText('Start a training').click();
    await page.getByRole('combobox', { name: 'Recipe' }).selectOption('se-cnn');
    await page.getByRole('spinbutton', { name: 'Epochs' }).fill('2');
    const name = page.getByLabel('Name of the run');
    await name.fill('first');
    await name.press('Enter');
    await page.getByText('choose another name').waitFor();
    await name.fill('third');
    await name.press('Enter');
    await page.getByRole('button', { name: 'Stop third' }).click();
    await page.getByRole('button', { name: 'Stop third' }).waitFor({ state: 'detached' });
    expect(runDesk.began).toEqual([{ recipe: 'se-cnn', name: 'third', data: 'faces', epochs: 2 }]);
    await page.getByRole('button', { name: 'Go on with second' }).click();
    await page.getByRole('button', { name: 'Stop second' }).waitFor();

    const panel = page.getByRole('region', { name: 'What first gets wrong' });
    await panel.getByRole('button', { name: 'See what it gets wrong' }).click();
    await panel.getByText('10 rows of faces, split public; 80.0% as labelled').waitFor();
    await panel.getByRole('img', { name: 'A picture labelled Happy, named Sad' }).waitFor();
    await panel.getByRole('button', { name: 'Sad named Happy: 1, 20% of the row' }).click();
    await panel.getByRole('img', { name: 'A picture labelled Happy, named Sad' }).waitFor({ state: 'detached' });
    expect(await panel.locator('.mistakes canvas').count()).toBe(1);
    // The refused start is the only complaint.
    expect(complaints.filter((complaint) => !complaint.includes('409'))).toEqual([]);
    await page.close();
    await studio.close();
  });
});
