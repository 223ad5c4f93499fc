import { type OnnxNode, tensor } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { afterEach, describe, expect, it } from 'vitest';
import { leftHalfModel, modelOf } from '../../test/made-up.ts';
import { headsOfCard } from '../card-heads.ts';
import { readCard } from '@mien/runtime';
import { channelWeights } from './activation-map.ts';
import { checkMethod, Explainer, methodsFor } from './explain.ts';
import { LookingGlass } from './looking-glass.ts';

let open: LookingGlass | undefined;
async function look(model: Uint8Array): Promise<LookingGlass> {
  const [head] = headsOfCard(readCard(model));
  open = await LookingGlass.open({ model, file: 'm.onnx', createSession, threads: 1, head });
  return open;
}
afterEach(async () => {
  await open?.release();
  open = undefined;
});

const side = 8;
/** Bright in two places: one the model looks at, one it does not. */
const face = Float32Array.from({ length: side * side }, (_, p) => (p === 2 * side + 1 ? 0.9 : p === 5 * side + 6 ? 0.8 : 0.1));
const peak = (values: Float32Array): number => values.indexOf(Math.max(...values));

/** Two 4×4 maps, relu(x) and relu(½ − x), pooled by their largest of 2×2; then `tail`. */
function twoMaps(tail: readonly OnnxNode[], weights: Record<string, ReturnType<typeof tensor.float32>>): Uint8Array {
  return modelOf(
    [
      { opType: 'Conv', inputs: ['image', 'filters', 'shifts'], outputs: ['mixed'], attributes: { kernel_shape: [1, 1] } },
      { opType: 'Relu', inputs: ['mixed'], outputs: ['lit'] },
      { opType: 'MaxPool', inputs: ['lit'], outputs: ['map'], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
      ...tail,
    ],
    { filters: tensor.float32(Float32Array.of(1, -1), [2, 1, 1, 1]), shifts: tensor.float32(Float32Array.of(0, 0.5), [2]), ...weights },
  );
}

const pooling: readonly OnnxNode[] = [
  { opType: 'GlobalAveragePool', inputs: ['map'], outputs: ['pooled'] },
  { opType: 'Flatten', inputs: ['pooled'], outputs: ['features'] },
];

describe('a network of mean pooling and one dense layer', () => {
  const weight = [2, -1, 0.5, 3];
  const model = twoMaps([...pooling, { opType: 'Gemm', inputs: ['features', 'w'], outputs: ['logits'] }], {
    w: tensor.float32(Float32Array.from(weight), [2, 2]),
  });

  it('has its last map found, and the weights of its dense layer measured', async () => {
    const glass = await look(model);
    expect(glass.lastMap).toEqual({ name: 'map', shape: [2, 4, 4], linear: true });
    expect(glass.gate).toBeUndefined();
    expect(methodsFor(glass)).toEqual(['cam', 'grad-cam', 'occlusion']);
    const map = await glass.inside(face, 'map');
    // w is [D,K]: class 1 weighs the maps by −1 and 3.
    const weights = await channelWeights(glass, map, 1);
    expect(weights[0]).toBeCloseTo(-1, 4);
    expect(weights[1]).toBeCloseTo(3, 4);
  });

  it('its class-activation map adds up to the logit, and Grad-CAM is its positive part', async () => {
    const glass = await look(model);
    const explainer = new Explainer(glass);
    const cam = await explainer.map('cam', face, 0);
    expect([cam.height, cam.width]).toEqual([4, 4]);
    const logits = await glass.logitsOfMaps(await glass.inside(face, 'map'));
    expect(cam.values.reduce((a, b) => a + b, 0) / 16).toBeCloseTo(logits[0]!, 4);
    const grad = await explainer.map('grad-cam', face, 0);
    for (const [i, v] of cam.values.entries()) expect(grad.values[i]).toBeCloseTo(Math.max(0, v), 5);
  });
});

describe('a network with a hidden layer', () => {
  // features → relu(features · [[1],[−4]]) → · [5, −5]: class 0 rises with map 0 and falls with map 1 while the unit is lit.
  const model = twoMaps(
    [
      ...pooling,
      { opType: 'Gemm', inputs: ['features', 'w1', 'b1'], outputs: ['h'] },
      { opType: 'Relu', inputs: ['h'], outputs: ['r'] },
      { opType: 'Gemm', inputs: ['r', 'w2'], outputs: ['logits'] },
    ],
    { w1: tensor.float32(Float32Array.of(1, -4), [2, 1]), b1: tensor.float32(Float32Array.of(4), [1]), w2: tensor.float32(Float32Array.of(5, -5), [1, 2]) },
  );

  it('allows Grad-CAM by its slope, but no class-activation map', async () => {
    const glass = await look(model);
    expect(glass.lastMap!.linear).toBe(false);
    expect(methodsFor(glass)).toEqual(['grad-cam', 'occlusion']);
    const weights = await channelWeights(glass, await glass.inside(face, 'map'), 0);
    expect(weights[0]).toBeCloseTo(5, 2);
    expect(weights[1]).toBeCloseTo(-20, 2);
    expect(() => checkMethod(glass, 'cam', 'm.onnx')).toThrow(
      'm.onnx: the network does not end in mean pooling and one dense layer, so there is no map by cam; it allows grad-cam, occlusion',
    );
  });
});

describe('occlusion', () => {
  it('finds the place the model looks at, not the one it does not', async () => {
    const glass = await look(leftHalfModel());
    const map = await new Explainer(glass).map('occlusion', face, 1);
    const [x, y] = [peak(map.values) % side, Math.floor(peak(map.values) / side)];
    expect(Math.abs(x - 1)).toBeLessThanOrEqual(1);
    expect(Math.abs(y - 2)).toBeLessThanOrEqual(1);
    expect(map.values[5 * side + 6]).toBeCloseTo(0, 5);
  });
});

describe('spatial attention', () => {
  it('is the gate of the network, whatever the class', async () => {
    const model = modelOf(
      [
        { opType: 'Conv', inputs: ['image', 'k', 'b'], outputs: ['z'], attributes: { kernel_shape: [1, 1] } },
        { opType: 'Sigmoid', inputs: ['z'], outputs: ['gate'] },
        { opType: 'Mul', inputs: ['image', 'gate'], outputs: ['map'] },
        { opType: 'GlobalAveragePool', inputs: ['map'], outputs: ['p'] },
        { opType: 'Flatten', inputs: ['p'], outputs: ['f'] },
        { opType: 'Gemm', inputs: ['f', 'w'], outputs: ['logits'] },
      ],
      { k: tensor.float32(Float32Array.of(10), [1, 1, 1, 1]), b: tensor.float32(Float32Array.of(-5), [1]), w: tensor.float32(Float32Array.of(1, -1), [1, 2]) },
    );
    const glass = await look(model);
    expect(glass.gate).toEqual({ name: 'gate', height: 8, width: 8 });
    const map = await new Explainer(glass).map('attention', face, 0);
    for (const [p, v] of map.values.entries()) expect(v).toBeCloseTo(1 / (1 + Math.exp(5 - 10 * face[p]!)), 4);
  });
});

describe('a network without maps', () => {
  it('is explained by occlusion alone', async () => {
    const model = modelOf(
      [
        { opType: 'Flatten', inputs: ['image'], outputs: ['f'] },
        { opType: 'Gemm', inputs: ['f', 'w'], outputs: ['logits'] },
      ],
      {
        w: tensor.float32(
          Float32Array.from({ length: 128 }, (_, i) => Math.sin(i)),
          [64, 2],
        ),
      },
    );
    const glass = await look(model);
    expect(methodsFor(glass)).toEqual(['occlusion']);
    expect(() => checkMethod(glass, 'attention', 'm.onnx')).toThrow(/has no spatial attention/);
  });
});
