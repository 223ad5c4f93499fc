import { join } from 'node:path';
import { compileAugmentation, evaluationImage, randomFor } from '@mien/data';
import { createSession } from '@mien/onnx/node';
import { expressions, preprocess, readCard, UserError } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { temporaryDir } from '../../test/tiny-store.ts';
import { tinyModel, type TinyModelOptions, writeTinyModel } from '../../test/tiny-model.ts';
import type { Head } from '../heads.ts';
import { TeacherPanel } from './teacher-panel.ts';

const stored = Uint8Array.from({ length: 48 * 48 }, (_, i) => 128 + 100 * Math.sin(i * 0.37) * Math.cos(i * 0.011));
const heads: readonly Head[] = [{ name: 'expression', labels: expressions, weight: 1 }];

/** A batch of one: what evaluation makes of the stored picture, `side` pixels of it. */
function evaluated(side: number): Float32Array {
  const geometry = { channels: 1, height: 48, width: 48, outHeight: side, outWidth: side };
  const out = new Float32Array(side * side);
  evaluationImage(geometry)(stored, 0, out, 0);
  return out;
}

async function taught(files: readonly string[], images: Float32Array, side: number): Promise<Float32Array> {
  const panel = await TeacherPanel.open({ teachers: files, picture: { shape: [1, side, side], whole: [48, 48] }, heads, threads: 1 });
  const N = images.length / side ** 2;
  const said = new Float32Array(N * 7);
  await panel.teach(images, N, () => said);
  await panel.release();
  return said;
}

/** ln of a model's probabilities for the stored picture, by the runtime. */
async function asDeployed(model: Uint8Array): Promise<number[]> {
  const { preprocessing, output } = readCard(model);
  const data = preprocess({ width: 48, height: 48, channels: 1, data: stored }, 'whole', preprocessing);
  const session = await createSession(model, { threads: 1 });
  const logits = [...((await session.run({ image: { dtype: 'float32', shape: [1, ...preprocessing.input.shape], data } }))[output.name]!.data as Float32Array)];
  await session.release();
  const z = logits.map((v) => v / output.temperature);
  const total = Math.log(z.reduce((sum, v) => sum + Math.exp(v), 0));
  return z.map((v) => v - total);
}

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from({ length: a.length }, (_, i) => Math.abs(a[i]! - b[i]!)));

describe('teachers', () => {
  const variants: Record<string, TinyModelOptions> = {
    'of the same input': {},
    'of a window of it': { recipe: { input: [1, 44, 44] } },
    'of a larger input, by resizing': { recipe: { input: [1, 64, 64] } },
    'of a window of a larger one': { recipe: { input: [1, 60, 56], resizeTo: 66 } },
    'of a smaller input': { recipe: { input: [1, 24, 24], resizeTo: 24 } },
    'of three channels and other normalisation': { recipe: { input: [3, 48, 48], normalise: { mean: [0.1, 0.2, 0.3], std: [0.5, 0.6, 0.7] } } },
    'at a temperature': { card: (card) => ({ output: { ...card.output, temperature: 3 } }) },
  };
  it.each(Object.entries(variants))('%s see an unaugmented batch as the runtime would show it to them', async (_, options) => {
    const dir = temporaryDir();
    const model = tinyModel(options);
    const said = await taught([writeTinyModel(join(dir, 'teacher.onnx'), options)], evaluated(48), 48);
    expect(largestDifference(said, await asDeployed(model))).toBeLessThan(1e-4);
  });

  it('of two agree by the mean of their probabilities, for each picture of the batch', async () => {
    const dir = temporaryDir();
    const files = [1, 2].map((seed) => writeTinyModel(join(dir, `${seed}.onnx`), { seed }));
    const augment = compileAugmentation([{ op: 'flip' }, { op: 'affine', rotateDeg: 10 }], { channels: 1, height: 48, width: 48, outHeight: 44, outWidth: 44 });
    const images = new Float32Array(3 * 44 * 44);
    for (const row of [0, 1, 2]) augment(stored, 0, randomFor(1, row), images, row * 44 * 44);
    const [a, b, both] = await Promise.all([taught([files[0]!], images, 44), taught([files[1]!], images, 44), taught(files, images, 44)]);
    expect(
      largestDifference(
        both,
        both.map((_, i) => Math.log((Math.exp(a[i]!) + Math.exp(b[i]!)) / 2)),
      ),
    ).toBeLessThan(1e-5);
    expect(largestDifference(a, b)).toBeGreaterThan(0.05);
    // The rows are different pictures.
    expect(largestDifference(both.subarray(0, 7), both.subarray(7, 14))).toBeGreaterThan(1e-4);
  });

  it('that see more than the batch shows get its edges continued at their scale', async () => {
    const dir = temporaryDir();
    const file = writeTinyModel(join(dir, 't.onnx'), { recipe: { input: [1, 48, 48] } });
    const window = evaluated(44);
    const padded = Float32Array.from({ length: 48 * 48 }, (_, i) => {
      const inside = (at: number): number => Math.min(43, Math.max(0, at - 2));
      return window[inside(Math.floor(i / 48)) * 44 + inside(i % 48)]!;
    });
    expect(largestDifference(await taught([file], window, 44), await taught([file], padded, 48))).toBeLessThan(1e-5);
  });

  const open = (teachers: string[], of = heads) => TeacherPanel.open({ teachers, picture: { shape: [1, 48, 48], whole: [48, 48] }, heads: of, threads: 1 });

  it('that are missing, or tell apart other classes, are refused by name', async () => {
    const dir = temporaryDir();
    const labels = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'contempt'];
    const other = writeTinyModel(join(dir, 'other.onnx'), { labels });
    await expect(open([other])).rejects.toThrow(
      `other.onnx: head expression tells apart ${labels.join(', ')}; the training ${expressions.join(', ')}: it lacks neutral and also has contempt`,
    );
    await expect(open([join(dir, 'none.onnx')])).rejects.toThrow(UserError);
    await expect(open([dir])).rejects.toThrow(/distill.teachers: .*(cannot be read|there is none)/);
  });

  it('go by the name of a released model too', async () => {
    const panel = await open(['mien-resnet']);
    await panel.release();
    expect(panel.names).toEqual(['mien-resnet']);
    await expect(open(['mien-nobody'])).rejects.toThrow(/distill.teachers: mien-nobody: expected .*the name of a released model; there is none/);
  });

  it('teach only the heads that all of them have', async () => {
    const dir = temporaryDir();
    const [plain, voted] = [writeTinyModel(join(dir, 'a.onnx')), writeTinyModel(join(dir, 'b.onnx'), { recipe: { heads: { votes: 1 } } })];
    const votes: Head = { name: 'votes', labels: [...expressions, 'contempt'], weight: 0.5 };
    const namesOf = async (files: string[], of: readonly Head[]) => {
      const panel = await open(files, of);
      await panel.release();
      return panel.heads.map(({ name }) => name);
    };
    expect(await namesOf([voted], [...heads, votes])).toEqual(['expression', 'votes']);
    expect(await namesOf([voted, plain], [...heads, votes])).toEqual(['expression']);
    await expect(open([plain], [votes])).rejects.toThrow(/no head of the network \(votes\)/);
  });
});
