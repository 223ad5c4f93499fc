/** Stores and models whose answers can be worked out by hand. */
import { join } from 'node:path';
import { openStore, type Store, StoreWriter } from '@mien/data';
import { encodeModel, type OnnxModel, type OnnxNode, type TensorValue, tensor } from '@mien/onnx';
import { cardKey, type ModelCard } from '@mien/runtime';

export const labels = ['dark', 'bright'];

export interface MadeUpRow {
  readonly split: string;
  readonly label: number;
  readonly image: Uint8Array;
  readonly votes?: Uint8Array;
}

/** A store of grey images `side` pixels wide. */
export async function makeStore(
  dir: string,
  rows: readonly MadeUpRow[],
  { name = 'made-up', side = 8, names = labels, votes = undefined as readonly string[] | undefined } = {},
): Promise<Store> {
  const out = join(dir, `store-${Math.random().toString(36).slice(2)}`);
  const writer = new StoreWriter({
    out,
    name,
    form: 'test',
    file: 'none',
    image: { layout: 'fixed', channels: 1, height: side, width: side },
    labels: names,
    ...(votes ? { votes } : {}),
  });
  for (const row of rows) writer.append(row);
  writer.finish();
  return openStore(out);
}

export function cardOf(changes: Partial<ModelCard> = {}, side = 8): ModelCard {
  return {
    formatVersion: 1,
    name: 'made-up',
    architecture: 'by hand',
    description: '',
    licence: 'MIT',
    labels,
    preprocessing: {
      input: { name: 'image', shape: [1, side, side] },
      color: 'gray',
      crop: { scale: 1, shift: [0, 0], align: 'none', square: true },
      resize: 'area-bilinear',
      resizeTo: [side, side],
      mean: [0],
      std: [1],
    },
    output: { name: 'logits', temperature: 1 },
    training: { data: 'elsewhere', split: 'train', rows: 100, chosenOn: '', recipe: '', seed: 0, epochs: 0 },
    parameters: 0,
    flops: 0,
    figures: [],
    intendedUse: 'Tests.',
    limits: ['Knows nothing of faces.'],
    ...changes,
  };
}

/** A network from nodes; its input is `image` [N,1,side,side], its output `logits` [N,2]. */
export function modelOf(nodes: readonly OnnxNode[], initializers: Record<string, TensorValue>, card: ModelCard = cardOf()): Uint8Array {
  const [channels, height, width] = card.preprocessing.input.shape;
  const model: OnnxModel = {
    irVersion: 9,
    opsets: { '': 20 },
    producer: 'test',
    graphName: 'g',
    nodes,
    initializers,
    inputs: [{ name: 'image', dtype: 'float32', shape: ['N', channels, height, width] }],
    outputs: [{ name: 'logits', dtype: 'float32', shape: ['N', card.labels.length] }],
    metadata: { [cardKey]: JSON.stringify(card) },
  };
  return encodeModel(model);
}

/** Says bright where the mean of the left half is above a quarter: logits = (0, 40 · mean(left half as a whole picture) − 10 · ½). */
export function leftHalfModel(card: ModelCard = cardOf()): Uint8Array {
  const [, height, width] = card.preprocessing.input.shape;
  const mask = Float32Array.from({ length: height * width }, (_, p) => Number(p % width < width / 2));
  return modelOf(
    [
      { opType: 'Mul', inputs: ['image', 'mask'], outputs: ['left'] },
      { opType: 'GlobalAveragePool', inputs: ['left'], outputs: ['pooled'] },
      { opType: 'Flatten', inputs: ['pooled'], outputs: ['mean'] },
      { opType: 'Gemm', inputs: ['mean', 'weight', 'bias'], outputs: ['logits'] },
    ],
    {
      mask: tensor.float32(mask, [1, 1, height, width]),
      weight: tensor.float32(Float32Array.of(0, 40), [1, 2]),
      bias: tensor.float32(Float32Array.of(0, -5), [2]),
    },
    card,
  );
}

/** A picture [side,side] of one value. */
export function flat(value: number, side = 8): Uint8Array {
  return new Uint8Array(side * side).fill(value);
}
