import { createSession } from '@mien/onnx/node';
import { type Image, loadRecogniser, readCard, UserError } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { tinyModel, type TinyModelOptions } from '../../test/tiny-model.ts';
import { buildEnsemble, describeBridge, type EnsembleOptions } from './ensemble.ts';
import { type Member, readMember } from './member.ts';

/** A picture of waves, grey or coloured. */
function picture(side: number, channels: 1 | 3 = 1): Image {
  const data = Uint8Array.from({ length: side * side * channels }, (_, i) => 128 + 100 * Math.sin(i * 0.37) * Math.cos(i * 0.011));
  return { width: side, height: side, channels, data };
}

async function probabilities(model: Uint8Array, image: Image): Promise<number[]> {
  const recogniser = await loadRecogniser({ model, createSession, threads: 1 });
  const [found] = await recogniser.recognise(image, 'whole');
  await recogniser.release();
  return Object.values(found!.probabilities);
}

const members = (...files: Uint8Array[]): [Member, ...Member[]] => files.map((bytes, i) => readMember(bytes, `m${i + 1}.onnx`)) as [Member, ...Member[]];
const build = (files: readonly Uint8Array[], options: Partial<EnsembleOptions> = {}) =>
  buildEnsemble({ members: members(...files), name: 'both', flip: false, crops: false, ...options });

const mean = (...rows: readonly number[][]): number[] => rows[0]!.map((_, k) => rows.reduce((sum, row) => sum + row[k]!, 0) / rows.length);

function expectClose(actual: readonly number[], expected: readonly number[], tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  const largest = Math.max(...actual.map((value, k) => Math.abs(value - expected[k]!)));
  expect(largest, `${actual.map((v) => v.toFixed(4))} and ${expected.map((v) => v.toFixed(4))}`).toBeLessThan(tolerance);
}

const refusal = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as Error).message;
  }
  throw new Error('was accepted');
};

describe('an ensemble', () => {
  it('answers with the mean of its members’ probabilities, each at its own temperature', async () => {
    const files = [tinyModel({ seed: 1 }), tinyModel({ seed: 2, card: (card) => ({ output: { ...card.output, temperature: 2.5 } }) })];
    const { bytes, card } = build(files);
    const image = picture(48);
    const said = await Promise.all(files.map((file) => probabilities(file, image)));
    const expected = mean(...said);
    expectClose(await probabilities(bytes, image), expected);
    // The members disagree, else the mean would prove nothing.
    expect(Math.abs(said[0]![0]! - said[1]![0]!) + Math.abs(said[0]![3]! - said[1]![3]!)).toBeGreaterThan(0.02);
    expect(card).toMatchObject({ name: 'both', architecture: 'ensemble', output: { temperature: 1 }, figures: [], preprocessing: { mean: [0], std: [1] } });
    const [a, b] = files.map((file) => readCard(file));
    expect(card.parameters).toBe(a!.parameters + b!.parameters);
    expect(card.flops).toBe(a!.flops + b!.flops);
  });

  it('keeps the rows its members were taught, chosen on and calibrated on', () => {
    const set = (rows: string) => ({ source: 'tiny', split: 'train', rows });
    const files = ['0-9', '5-14'].map((rows, seed) =>
      tinyModel({
        seed,
        card: (card) => ({
          output: { ...card.output, fittedOn: [set('20')] },
          training: { ...card.training, learntRows: [set(rows)], chosenRows: [set('15')] },
        }),
      }),
    );
    const { output, training } = build(files).card;
    expect(training).toMatchObject({ learntRows: [set('0-9'), set('5-14')], chosenRows: [set('15')] });
    expect(output.fittedOn).toEqual([set('20')]);
  });

  it('of other input sizes, windows, channels and normalisation: each member says what it says alone', async () => {
    const variants: TinyModelOptions[] = [
      { seed: 1, recipe: { input: [1, 44, 44], normalise: { mean: 0.3, std: 0.4 } } },
      { seed: 2, recipe: { input: [3, 48, 48], normalise: { mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] } } },
      { seed: 3, recipe: { input: [1, 40, 44] } },
    ];
    const files = variants.map(tinyModel);
    const image = picture(48);
    const said = await Promise.all(files.map((file) => probabilities(file, image)));
    const { bytes, picture: taken } = build(files);
    expect(taken).toEqual({ shape: [1, 48, 48], whole: [48, 48] });
    expectClose(await probabilities(bytes, image), mean(...said));
  });

  it('resizes within the graph as the runtime does: at the smaller size members of both sizes are exact', async () => {
    const files = [tinyModel({ seed: 1 }), tinyModel({ seed: 2, recipe: { input: [1, 60, 60], resizeTo: 66 } })];
    const image = picture(48);
    const said = await Promise.all(files.map((file) => probabilities(file, image)));
    const { bytes, card, picture: taken } = build(files, { size: 48 });
    expect(card.preprocessing).toMatchObject({ resizeTo: [48, 48], input: { shape: [1, 48, 48] } });
    expect(members(...files).map((member) => describeBridge(member, taken))).toEqual(['cut to 44×44', 'resized from 48×48 to 66×66, cut to 60×60']);
    expectClose(await probabilities(bytes, image), mean(...said));
    expect(build(files).card.preprocessing.resizeTo).toEqual([66, 66]);
  });

  it('shrinks a large crop with the filter of the runtime', async () => {
    const files = [tinyModel({ seed: 1 })];
    const image = picture(96);
    // 96 → 48 happens inside, once: what the model does alone.
    const { bytes } = build(files, { size: 96 });
    expectClose(await probabilities(bytes, image), await probabilities(files[0]!, image), 2e-5);
  });

  it('makes grey of colour for a member that wants it', async () => {
    const grey = tinyModel({ seed: 1 });
    const colour = tinyModel({
      seed: 2,
      recipe: { input: [3, 48, 48] },
      card: (card) => ({ preprocessing: { ...card.preprocessing, color: 'rgb' } }),
    });
    const image = picture(48, 3);
    const { bytes, card } = build([grey, colour]);
    expect(card.preprocessing).toMatchObject({ color: 'rgb', input: { shape: [3, 48, 48] } });
    expectClose(await probabilities(bytes, image), mean(await probabilities(grey, image), await probabilities(colour, image)), 2e-5);
  });

  it('looks at the mirror image and at the corners too, where asked', async () => {
    const model = tinyModel({ seed: 4 });
    const image = picture(48);
    const flipped: Image = { ...image, data: Uint8Array.from(image.data, (_, i) => image.data[i - (i % 48) + 47 - (i % 48)]!) };
    const both = mean(await probabilities(model, image), await probabilities(model, flipped));
    const { bytes, card } = build([model], { flip: true });
    expectClose(await probabilities(bytes, image), both);
    expect(card.flops).toBe(2 * readCard(model).flops);
    expect(card.description).toBe('tiny, over mirror images too');
    const shifted = (dx: number, dy: number): Image => ({
      ...image,
      data: Uint8Array.from(
        image.data,
        (_, i) => image.data[Math.min(47, Math.max(0, Math.floor(i / 48) + dy)) * 48 + Math.min(47, Math.max(0, (i % 48) + dx))]!,
      ),
    });
    const corners = await Promise.all(
      [shifted(0, 0), shifted(-2, -2), shifted(2, -2), shifted(-2, 2), shifted(2, 2)].map((each) => probabilities(model, each)),
    );
    expectClose(await probabilities(build([model], { crops: true }).bytes, image), mean(...corners));
  });

  it('of a model that sees the whole picture has no other crops: refused alone, told beside another', () => {
    const all = tinyModel({ seed: 4, name: 'all', recipe: { input: [1, 48, 48] } });
    expect(refusal(() => build([all], { crops: true }))).toBe('crops: m1.onnx see the whole picture, which leaves no other crops; leave them out');
    const { card } = build([all, tinyModel({ seed: 4, name: 'window' })], { crops: true });
    expect(card.description).toBe('Mean of the probabilities of all, window, over crops at the corners (not of all, which see the whole picture) too');
    expect(card.flops).toBe(readCard(all).flops + 5 * readCard(tinyModel({ seed: 4 })).flops);
  });

  it('gives several pictures at once each its own answer', async () => {
    const { bytes, card } = build([tinyModel({ seed: 1 }), tinyModel({ seed: 2 })], { flip: true });
    const side = card.preprocessing.input.shape[1];
    const images = Float32Array.from({ length: 3 * side * side }, (_, i) => 0.5 + 0.5 * Math.sin(i * i * 0.001));
    const session = await createSession(bytes, { threads: 1 });
    const run = async (data: Float32Array, n: number) => [
      ...((await session.run({ image: { dtype: 'float32', shape: [n, 1, side, side], data } })).logits!.data as Float32Array),
    ];
    const together = await run(images, 3);
    const alone = [0, 1, 2].map((n) => images.slice(n * side * side, (n + 1) * side * side));
    const apart: number[] = [];
    for (const each of alone) apart.push(...(await run(each, 1)));
    await session.release();
    expectClose(together, apart, 1e-4);
  });

  it('brings the same classes into one order, averages the heads all have, and keeps the others out', async () => {
    const labels = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'];
    const turned = labels.toReversed();
    const voted = { recipe: { heads: { votes: 1 } } };
    const [first, second] = [tinyModel({ seed: 1, labels, ...voted }), tinyModel({ seed: 2, labels: turned, ...voted })];
    const image = picture(48);
    const { bytes, card } = build([first, second]);
    const expected = mean(await probabilities(first, image), (await probabilities(second, image)).toReversed());
    expectClose(await probabilities(bytes, image), expected);
    expect(card.otherHeads).toEqual([{ name: 'votes', labels: [...labels, 'contempt'], output: { name: 'votes', temperature: 1 } }]);
    expect(build([first, tinyModel({ seed: 3 })]).card.otherHeads).toBeUndefined();
  });

  it('says which labels differ', () => {
    const other = tinyModel({ labels: ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'contempt'] });
    expect(refusal(() => build([tinyModel(), other]))).toBe(
      'm2.onnx: head expression tells apart angry, disgust, fear, happy, sad, surprise, contempt; the others tell apart angry, disgust, fear, happy, sad, surprise, neutral: it lacks neutral and also has contempt',
    );
  });

  it('refuses members that cut faces differently, that take more than a picture, or are not of our making', () => {
    const looser = tinyModel({ card: (card) => ({ preprocessing: { ...card.preprocessing, crop: { ...card.preprocessing.crop, scale: 1.4 } } }) });
    expect(refusal(() => build([tinyModel(), looser]))).toMatch(
      /^m1.onnx and m2.onnx see different parts of a photograph \(preprocessing.crop: .*1\.17.* and .*1\.4/,
    );
    const [good] = members(tinyModel());
    expect(() => readMember(new Uint8Array([1, 2, 3]), 'x.onnx')).toThrow(/^x.onnx: expected an ONNX file/);
    expect(good.heads.map(({ name }) => name)).toEqual(['expression']);
  });
});
