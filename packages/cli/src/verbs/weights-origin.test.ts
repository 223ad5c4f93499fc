import { decodeWeights, encodeSafetensors, imagenetNormalisation, symmetricNormalisation } from '@mien/models';
import { encodeModel, type OnnxModel, tensor } from '@mien/onnx';
import { cardKey, type ModelCard, UserError } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { testCard } from '../../../runtime/src/test-model.ts';
import { originOf, type WeightsOnDisk } from './weights-origin.ts';

const card: ModelCard = { ...testCard, licence: 'MIT', preprocessing: { ...testCard.preprocessing, mean: [0.507], std: [0.255] } };

const onDisk = (bytes: Uint8Array, file: string, given = file): WeightsOnDisk => ({ given, file, bytes, contents: decodeWeights(bytes, file) });

function onnx(metadata: OnnxModel['metadata']): WeightsOnDisk {
  const model = { irVersion: 8, opsets: { '': 17 }, producer: 'test', graphName: 'test', nodes: [], inputs: [], outputs: [], metadata };
  return onDisk(encodeModel({ ...model, initializers: { w: tensor.float32(Float32Array.of(1), [1]) } }), 'model.onnx');
}

function safetensors(metadata: Record<string, string>, file = 'w.safetensors', given = file): WeightsOnDisk {
  return onDisk(encodeSafetensors({ tensors: new Map([['w', { shape: [1], data: Float32Array.of(1) }]]), metadata }), file, given);
}

function refusal(act: () => unknown): UserError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).not.toMatch(/\p{Cc}/u);
    return error as UserError;
  }
  throw new Error('was accepted');
}

const grey = { mean: [0.507], std: [0.255] };
const own = { mean: [0.1, 0.2, 0.3], std: [1, 1, 2] };
const stated = { normalise: JSON.stringify(own), licence: 'BSD-3-Clause' };
const vit = 'timm/vit_small_patch16_224.augreg_in21k_ft_in1k';

describe('how images were normalised, and the licence', () => {
  it('the card of a model of Mien says both', () => {
    expect(originOf(onnx({ [cardKey]: JSON.stringify(card) }), {})).toEqual({ expects: grey, expectsBy: 'card', licence: 'MIT', source: 'model.onnx' });
  });

  it('metadata come before the card, the user before both', () => {
    const both = onnx({ [cardKey]: JSON.stringify(card), ...stated });
    expect(originOf(both, {})).toMatchObject({ expects: own, expectsBy: 'file', licence: 'BSD-3-Clause' });
    expect(originOf(both, { expects: symmetricNormalisation, licence: 'X' })).toMatchObject({
      expects: symmetricNormalisation,
      expectsBy: 'flag',
      licence: 'X',
    });
    expect(originOf(both, { licence: 'X' })).toMatchObject({ expectsBy: 'file', licence: 'X' });
  });

  it('a number stands for one channel, as in a recipe', () => {
    expect(originOf(safetensors({ normalise: '{"mean":0.5,"std":0.25}' }), {}).expects).toEqual({ mean: [0.5], std: [0.25] });
  });

  it.each([
    ['its name', 'x.safetensors', 'vit_small_patch16_224.augreg_in21k_ft_in1k'],
    ['the path of the cache', `/anywhere/weights/${vit}/0123456789abcdef/model.safetensors`, undefined],
    ['the name of the file', 'vit_small_patch16_224.augreg_in21k_ft_in1k.safetensors', undefined],
  ])('the catalogue is known by %s', (_, file, given) => {
    expect(originOf(safetensors({}, file, given), {})).toEqual({
      expects: symmetricNormalisation,
      expectsBy: 'catalogue',
      licence: 'apache-2.0',
      source: vit,
    });
    expect(originOf(safetensors(stated, file, given), {})).toMatchObject({ expects: own, expectsBy: 'file', licence: 'BSD-3-Clause' });
  });

  it('is assumed where nothing tells it', () => {
    expect(originOf(safetensors({}), {})).toEqual({ expects: imagenetNormalisation, expectsBy: 'assumed', licence: 'unknown', source: 'w.safetensors' });
    expect(originOf(onnx({}), {}).expectsBy).toBe('assumed');
    // Those the catalogue knows for this model expect −1…1.
    expect(originOf(safetensors({}), { model: 'inception-v3' })).toMatchObject({ expects: symmetricNormalisation, expectsBy: 'assumed' });
    expect(originOf(safetensors({}), { model: 'resnet34' })).toMatchObject({ expects: imagenetNormalisation, expectsBy: 'assumed' });
  });

  it.each(['null', '[]', 'x\u001b[2J\n', '{"mean":[0.5]}', '{"mean":[0.5],"std":[0]}', '{"mean":[1,2],"std":[1,2]}', '{"mean":["1"],"std":[1]}'])(
    'metadata that say %j are refused, unless the user says it',
    (normalise) => {
      const weights = safetensors({ normalise });
      expect(refusal(() => originOf(weights, {})).code).toBe('bad-metadata');
      expect(originOf(weights, { expects: grey }).expectsBy).toBe('flag');
    },
  );

  it('so is a card that cannot be read', () => {
    const weights = onnx({ [cardKey]: '{' });
    expect(refusal(() => originOf(weights, { expects: grey })).code).toBe('bad-card');
    expect(originOf(weights, { expects: grey, licence: 'MIT' }).licence).toBe('MIT');
  });

  it('what stands in safetensors under the name of the card is none', () => {
    expect(originOf(safetensors({ [cardKey]: '{' }), {}).expectsBy).toBe('assumed');
  });
});
