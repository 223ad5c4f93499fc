/** The whole package in a real browser: built, served, with a fake camera. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeModel, encodeModel } from '@mien/onnx';
import { liveModelName } from '@mien/released-models';
import { expressions, findExpressions, iou, readCard } from '@mien/runtime';
import { createNodeRecogniser, decodeImage, lightDetector } from '@mien/runtime/node';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { MienLiveElement } from '../src/mien-live.ts';
import { writeFakeCamera } from './fake-camera.ts';
import {
  codeOf,
  executablePath,
  model,
  moreFrames,
  type OpenedPage,
  type OpenOptions,
  photographs,
  released,
  TestPages,
  timeoutMs,
  watchCamera,
} from './test-pages.ts';

describe.skipIf(!executablePath)('@mien/web', { timeout: timeoutMs }, () => {
  let pages: TestPages;
  const open = (options: OpenOptions): Promise<OpenedPage> => pages.open(options);

  beforeAll(async () => {
    const element = `<!doctype html><meta charset="utf-8"><title>element</title><mien-live model="${model}" assets="/mien" maps></mien-live>
<script type="module">import { defineMienLive } from '/mien/mien.js'; window.seen = []; defineMienLive();
document.querySelector('mien-live').addEventListener('faces', ({ detail }) => window.seen.push(detail)); document.title = 'ready';</script>`;
    pages = await TestPages.start({ '/element': element });
    await writeFile(join(pages.files, 'broken.onnx'), 'this is no model');
    const whole = new Uint8Array(await readFile(join(released, `${liveModelName}.onnx`)));
    const { metadata: _metadata, ...network } = decodeModel(whole);
    await writeFile(join(pages.files, 'no-card.onnx'), encodeModel({ ...network, metadata: {} }));
    await writeFile(join(pages.files, 'cut-short.onnx'), whole.subarray(0, whole.length >> 1));
    await Promise.all([
      writeFakeCamera(join(pages.files, 'one.y4m'), { photograph: join(photographs, 'sample1.jpg') }),
      writeFakeCamera(join(pages.files, 'wall.y4m'), {}),
      writeFakeCamera(join(pages.files, 'many.y4m'), { photograph: join(photographs, 'sample5.jpg') }),
    ]);
  }, timeoutMs);
  afterEach(() => pages?.closeBrowsers());
  afterAll(() => pages?.close());

  test('a camera gives faces with ids, calibrated probabilities and maps; nothing leaves the origin', async () => {
    const { page, complaints } = await open({ film: 'one.y4m' });
    await watchCamera(page, 20, { maps: true });
    const { faces, frame } = (await page.evaluate(() => {
      // A face missed in the very last frame is still told of, without maps: the last frame that shows one is looked at.
      const last = window.seen.findLast(({ faces }) => faces.some(({ unseenSeconds }) => unseenSeconds === 0))!;
      return {
        frame: last.frame,
        faces: last.faces.map(({ maps, ...face }) => ({
          ...face,
          square: maps?.square,
          shape: maps?.activation?.shape,
          values: maps?.activation?.data.length,
        })),
      };
    }))!;
    expect(frame).toMatchObject({ width: 640, height: 480 });
    const seen = faces.filter(({ unseenSeconds }) => unseenSeconds === 0);
    for (const face of seen) {
      expect(Object.keys(face.probabilities)).toEqual([...expressions]);
      expect(Object.values(face.probabilities).reduce((a, b) => a + b)).toBeCloseTo(1, 6);
      expect(face.shape).toHaveLength(3);
      expect(face.values).toBe(face.shape!.reduce((a, b) => a * b));
      expect(face.square!.width).toBeGreaterThan(0.5 * face.box.width);
    }
    // The photograph only wanders: who stands where somebody stood in the frame before is the same. (A crowded machine may miss a face in
    // a frame, and when its frames are seconds apart, must count it anew.)
    const frames = await page.evaluate(() =>
      window.seen.map(({ faces }) => faces.filter(({ unseenSeconds }) => unseenSeconds === 0).map(({ id, box }) => ({ id, box }))),
    );
    let met = 0;
    for (const [i, before] of frames.slice(0, -1).entries()) {
      for (const face of before) {
        const again = frames[i + 1]!.find(({ box }) => iou(box, face.box) > 0.5);
        if (again) expect(again.id).toBe(face.id);
        met += again ? 1 : 0;
      }
    }
    expect(met).toBeGreaterThan(20);
    const stats = await page.evaluate(() => window.live.stats);
    expect(stats.framesPerSecond).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  });

  test('a picture gives what Node gives for it', async () => {
    const { page } = await open({});
    const found = await page.evaluate(async (model) => {
      window.mien = await window.web.openMien({ model, device: 'wasm' });
      return window.mien.recognise(await (await fetch('/photos/sample2.jpg')).blob());
    }, model);
    const [detector, recogniser] = await Promise.all([
      lightDetector({ threads: 1 }),
      createNodeRecogniser(join(released, `${liveModelName}.onnx`), { threads: 1 }),
    ]);
    const faces = await findExpressions(await decodeImage(join(photographs, 'sample2.jpg')), detector, recogniser);
    await Promise.all([detector.release(), recogniser.release()]);
    expect(found.length).toBe(faces.length);
    for (const [i, face] of found.entries()) {
      // The page makes a picture of 1920 px smaller before it looks.
      expect(Math.abs(face.box.x - faces[i]!.box.x)).toBeLessThan(0.15 * face.box.width);
      expect(face.expression).toBe(faces[i]!.expression);
    }
  });

  test('what is transparent in a picture is read as white', async () => {
    const { page } = await open({});
    const [onNothing, onWhite] = await page.evaluate(async (model) => {
      window.mien = await window.web.openMien({ model, device: 'wasm' });
      const photograph = await createImageBitmap(await (await fetch('/photos/sample1.jpg')).blob());
      const [first] = await window.mien.recognise(photograph);
      const { x, y, width, height } = first!.box;
      const [left, top, right, bottom] = [x, y, x + width, y + height].map(Math.round) as [number, number, number, number];
      // The face alone, cut out.
      const cut = (background: string): Promise<ImageBitmap> => {
        const canvas = new OffscreenCanvas(photograph.width, photograph.height);
        const context = canvas.getContext('2d')!;
        context.fillStyle = background;
        context.fillRect(0, 0, canvas.width, canvas.height);
        context.beginPath();
        context.rect(left, top, right - left, bottom - top);
        context.clip();
        context.drawImage(photograph, 0, 0);
        return createImageBitmap(canvas);
      };
      return [await window.mien.recognise(await cut('transparent')), await window.mien.recognise(await cut('#fff'))];
    }, model);
    expect([onNothing!.length, onWhite!.length]).toEqual([1, 1]);
    // Their rims may differ by a grey level.
    for (const [label, p] of Object.entries(onWhite![0]!.probabilities)) expect(onNothing![0]!.probabilities[label]).toBeCloseTo(p, 3);
  });

  test('nobody there: empty lists; many people: an id for each', async () => {
    const wall = await open({ film: 'wall.y4m' });
    await watchCamera(wall.page, 5);
    expect(await wall.page.evaluate(() => window.seen.every(({ faces }) => faces.length === 0))).toBe(true);
    const many = await open({ film: 'many.y4m' });
    await watchCamera(many.page, 8);
    const ids = await many.page.evaluate(() => window.seen.at(-1)!.faces.map(({ id }) => id));
    expect(ids.length).toBeGreaterThan(2);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('what cannot be used says why', async () => {
    const { page } = await open({});
    expect(await codeOf(page, "await web.openMien({ model: '/models/nobody.onnx' })")).toMatch(/^unreachable: .*404/);
    expect(await codeOf(page, "await web.openMien({ model: '/files/broken.onnx' })")).toMatch(/^bad-model: .*broken.onnx/);
    expect(await codeOf(page, "await web.openMien({ model: '/files/no-card.onnx' })")).toMatch(/^no-card: .*mien export/);
    expect(await codeOf(page, "await web.openMien({ model: '/files/cut-short.onnx' })")).toMatch(/^bad-model: .*cut-short.onnx/);
    expect(await codeOf(page, `await web.openMien({ model: '${model}', detector: '${model}' })`)).toMatch(/^bad-detector: /);
    expect(await codeOf(page, `await web.openMien({ model: '${model}', assets: '/nowhere' })`)).toMatch(/^unreachable: .*face-detector-light/);
    expect(await codeOf(page, `await (await web.openMien({ model: '${model}' })).recognise(new Blob(['no picture']))`)).toMatch(/^unreadable-image: /);
    expect(await codeOf(page, 'await web.openCamera()')).toMatch(/^camera-missing: /);
    const denied = await open({ film: 'wall.y4m', allowed: false });
    expect(await codeOf(denied.page, 'await web.openCamera()')).toMatch(/^camera-denied: .*allow/);
  });

  test('an unplugged camera, a closed worker and a stopped watch are told or silent as they should be', async () => {
    const { page } = await open({ film: 'one.y4m' });
    await watchCamera(page, 3);
    // A track that is stopped by the page fires no event; one whose device goes away does.
    await page.evaluate(() => window.camera.getVideoTracks()[0]!.dispatchEvent(new Event('ended')));
    expect(await page.evaluate(() => window.failed.map(({ code }) => code))).toEqual(['camera-lost']);
    const after = await page.evaluate(() => window.seen.length);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
    expect(await page.evaluate(() => window.seen.length)).toBe(after);

    await page.evaluate(() => {
      window.failed = [];
      window.live = window.mien.watch(window.camera, {
        onFaces: (faces, frame) => window.seen.push({ faces, frame }),
        onError: ({ code, message }) => window.failed.push({ code, message }),
      });
    });
    await page.waitForFunction((n) => window.seen.length > n, after);
    // What is being recorded ends with its watch.
    expect(await codeOf(page, "const recording = live.record('mine', { seconds: 60 }); live.stop(); await recording")).toMatch(/^closed: .*stopped/);
    await page.evaluate(() => {
      window.live = window.mien.watch(window.camera, { onFaces: () => {}, onError: ({ code }) => window.failed.push({ code, message: '' }) });
    });
    await page.evaluate(() => window.mien.close());
    expect(await page.evaluate(() => window.failed.map(({ code }) => code))).toEqual(['closed']);
    expect(await codeOf(page, 'await mien.trainPersonal()')).toMatch(/^closed: /);
    // Too late: told through the watch as well, not thrown; so is a camera that had gone before.
    const late = (source: string): Promise<string> =>
      page.evaluate(`new Promise((resolve) => { ${source}.watch(window.camera, { onFaces: () => {}, onError: ({ code }) => resolve(code) }); })`);
    expect(await late('window.mien')).toBe('closed');
    await page.evaluate(async (model) => {
      window.mien = await window.web.openMien({ model });
      for (const track of window.camera.getTracks()) track.stop();
    }, model);
    expect(await late('window.mien')).toBe('camera-lost');
  });

  test('a hidden page pauses and goes on when it is back', async () => {
    const { page } = await open({ film: 'one.y4m' });
    await watchCamera(page, 3);
    const hide = (hidden: boolean): Promise<void> =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);
    // What is under way may still come; no further frame is taken.
    await page.evaluate(`window.taken = 0; { const { VideoFrame: Real } = window;
window.VideoFrame = class extends Real { constructor(...options) { super(...options); if (options[0] instanceof HTMLVideoElement) window.taken++; } }; }`);
    await page.waitForFunction('taken > 0');
    await hide(true);
    const before = await page.evaluate<number>('taken');
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 400)));
    expect(await page.evaluate('taken')).toBe(before);
    const known = await page.evaluate(() => Math.max(...window.seen.flatMap(({ faces }) => faces.map(({ id }) => id))));
    await hide(false);
    await moreFrames(page, 3);
    // Who is there now was not seen coming: nobody gets an id that somebody had.
    await page.waitForFunction((n) => (window.seen.at(-1)?.faces[0]?.id ?? 0) > n!, known);
  });

  test('a resting face is corrected, a personal model is learnt, saved and used', async () => {
    const { page } = await open({ film: 'one.y4m' });
    await watchCamera(page, 5);
    const neutral = await page.evaluate(async () => {
      const { frames, offset } = await window.live.correctNeutral({ seconds: 3 });
      return { frames, offset: [...offset] };
    });
    expect(neutral.frames).toBeGreaterThanOrEqual(10);
    expect(neutral.offset).toHaveLength(expressions.length);
    await page.waitForFunction(() => window.seen.at(-1)!.faces.some(({ expression }) => expression === 'neutral'));

    expect(await codeOf(page, 'await mien.trainPersonal()')).toMatch(/^too-few-recordings: /);
    const faces = await page.evaluate(() => window.seen.at(-1)!.faces.map(({ id }) => id));
    // Two people stand for two expressions of one's own.
    await page.evaluate(async (ids) => {
      await window.live.record('left', { seconds: 3, face: ids[0]! });
      await window.live.record('right', { seconds: 3, face: ids[1]! });
    }, faces);
    const result = await page.evaluate(async () => {
      const { model, ...rest } = await window.mien.trainPersonal({ name: 'mine' });
      const card = await window.mien.useModel(model);
      // As text: a list of millions of numbers takes the browser's protocol a minute.
      let text = '';
      for (const byte of model) text += String.fromCharCode(byte);
      return { ...rest, bytes: btoa(text), used: card.name };
    });
    expect(result).toMatchObject({ used: 'mine', before: Number.NaN, after: 1 });
    expect(readCard(Buffer.from(result.bytes, 'base64')).labels).toEqual(['left', 'right']);
    const from = await page.evaluate(() => window.seen.length);
    await page.waitForFunction((n) => window.seen.length > n + 10, from);
    // The third person was not recorded and is taken for one of the two.
    await page.waitForFunction(() => ['left', 'right'].every((label) => window.seen.at(-1)!.faces.some(({ expression }) => expression === label)));
  });

  test('<mien-live> turns the camera off when the model cannot be had', async () => {
    const { page } = await open({ film: 'wall.y4m', path: '/element' });
    const code = await page.evaluate(async () => {
      const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (constraints) => (window.camera = await real(constraints));
      const element = document.querySelector('mien-live') as HTMLElement & { start(): Promise<void> };
      element.setAttribute('model', '/models/nobody.onnx');
      return element.start().then(
        () => 'no error',
        (error: { code: string }) => error.code,
      );
    });
    expect(code).toBe('unreachable');
    await page.waitForFunction(() => window.camera?.getTracks().every(({ readyState }) => readyState === 'ended'));
  });

  test('<mien-live> starts when told to, draws, and turns the camera off again', async () => {
    const { page, complaints } = await open({ film: 'one.y4m', path: '/element' });
    expect(await page.evaluate(() => window.seen.length)).toBe(0);
    await page.evaluate(() => {
      const element = document.querySelector('mien-live') as MienLiveElement;
      const drawn = CanvasRenderingContext2D.prototype.fillText;
      CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {
        document.title = text;
        drawn.call(this, text, ...at);
      };
      element.describe = ({ expression }) => `Gesicht: ${expression}`;
      return element.start();
    });
    await page.waitForFunction(() => window.seen.some(({ faces }) => faces.length > 0));
    expect(await page.title()).toMatch(/^Gesicht: [a-z]+$/);
    if (process.env.MIEN_SCREENSHOTS) await page.screenshot({ path: join(process.env.MIEN_SCREENSHOTS, 'mien-live.png') });
    await page.waitForFunction(() => {
      const canvas = document.querySelector('mien-live')!.shadowRoot!.querySelector('canvas')!;
      return canvas
        .getContext('2d')!
        .getImageData(0, 0, canvas.width, canvas.height)
        .data.some((v) => v > 0);
    });
    const states = await page.evaluate(() => {
      const element = document.querySelector('mien-live') as HTMLElement & { stop(): void };
      const stream = element.shadowRoot!.querySelector('video')!.srcObject as MediaStream;
      element.remove();
      return stream.getTracks().map(({ readyState }) => readyState);
    });
    expect(states).toEqual(['ended']);
    expect(complaints).toEqual([]);
  });
});
