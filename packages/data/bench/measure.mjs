/**
 * Measures what the package promises: `node packages/data/bench/measure.mjs STORE [--make ROWS]`.
 * With --make it first writes a store of that many made-up 48×48 images to STORE (2.3 GB for a million).
 * Prints one JSON object: seconds to open, shuffled images a second (batches of 64, warm and as found), augmented images a
 * second on one core for each list that systems train with.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compileAugmentation, faceAugmentation, KeyedRandom, openStore, randomFor, shuffledIndices, StoreWriter } from '@mien/data';

const { values, positionals } = parseArgs({ options: { make: { type: 'string' } }, allowPositionals: true });
const [dir] = positionals;
if (!dir) throw new Error('expected a store: node packages/data/bench/measure.mjs STORE [--make ROWS]');
const imageBytes = 48 * 48;

if (values.make && !existsSync(dir)) {
  const writer = new StoreWriter({
    out: dir,
    name: 'synthetic',
    form: 'synthetic',
    file: 'measure.mjs',
    image: { layout: 'fixed', channels: 1, height: 48, width: 48 },
    labels: ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'],
  });
  const image = new Uint8Array(imageBytes);
  const words = new Uint32Array(image.buffer);
  for (let row = 0; row < Number(values.make); row++) {
    // Cheap, and different for every row.
    let word = (row * 2654435761) >>> 0;
    for (let i = 0; i < words.length; i++) words[i] = word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
    writer.append({ split: 'train', label: row % 7, image });
  }
  writer.finish();
}

const seconds = async (action) => {
  const began = performance.now();
  await action();
  return (performance.now() - began) / 1000;
};

let store;
let split;
const openSeconds = await seconds(async () => {
  store = await openStore(dir);
  split = await store.split(store.splitNames[0]);
});

const batches = Math.min(1500, Math.floor(split.count / 64));
const order = shuffledIndices(split.count, randomFor(1, 'shuffle', 0));
const block = new Uint8Array(64 * split.imageBytes);
const readAll = async () => {
  for (let batch = 0; batch < batches; batch++) await split.gatherImages(order.subarray(batch * 64, (batch + 1) * 64), block);
};
const rate = (n, took) => Math.round(n / took);
const shuffledAsFound = rate(batches * 64, await seconds(readAll));
const shuffledWarm = rate(batches * 64, await seconds(readAll));

const lists = {
  'system C': faceAugmentation,
  'system D': [{ op: 'flip' }, { op: 'affine', rotateDeg: 10, shiftPx: 10 }],
  'system E': [
    { op: 'flip' },
    { op: 'brightness', probability: 0.5 },
    { op: 'contrast', probability: 0.5 },
    { op: 'blur', probability: 0.3 },
    { op: 'cutout', probability: 0.5, holes: [1, 4], size: [0.08, 0.17] },
  ],
  'mien-seresnet': [
    { op: 'flip' },
    { op: 'affine', rotateDeg: 12, shift: 0.04, zoom: [0.9, 1.12] },
    { op: 'crop' },
    { op: 'brightness' },
    { op: 'contrast', range: [0.75, 1.3] },
    { op: 'cutout', probability: 0.3, size: 0.3 },
  ],
  randaugment: [{ op: 'flip' }, { op: 'randaugment', n: 2, m: 9 }],
};
const augmented = {};
for (const [name, list] of Object.entries(lists)) {
  const outSide = name === 'mien-seresnet' ? 44 : 48;
  const augment = compileAugmentation(list, { channels: 1, height: 48, width: 48, outHeight: outSide, outWidth: outSide });
  const images = new Uint8Array(64 * imageBytes).map((_, i) => (i * 7919) % 251);
  const out = new Float32Array(outSide * outSide);
  const random = new KeyedRandom(1);
  const run = (count) => {
    for (let row = 0; row < count; row++) augment(images, (row % 64) * imageBytes, random.reseed(1, 'augment', 0, row), out, 0);
  };
  run(4000);
  augmented[name] = rate(20_000, await seconds(() => run(20_000)));
}
console.log(JSON.stringify({ images: store.manifest.count, openSeconds, shuffledAsFound, shuffledWarm, augmented }));
