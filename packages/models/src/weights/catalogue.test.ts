import { describe, expect, it } from 'vitest';
import { findHubWeightsAt, hubWeights } from './catalogue.ts';

describe('weights of the catalogue', () => {
  it.each(hubWeights.map(({ repo }) => repo))('%s is known by where a pull keeps it, and by its name', (repo) => {
    expect(findHubWeightsAt(`/home/me/.cache/mien/weights/${repo}/0123456789abcdef/model.safetensors`)?.repo).toBe(repo);
    expect(findHubWeightsAt(`C:\\cache\\weights\\${repo.replace('/', '\\')}\\0123456789abcdef\\model.safetensors`)?.repo).toBe(repo);
    for (const folder of ['', '/', '/home/me/']) expect(findHubWeightsAt(`${folder}${repo.split('/')[1]}.safetensors`)?.repo).toBe(repo);
  });

  it.each([
    '/model.safetensors',
    'model.safetensors',
    '',
    '/home/me/model.safetensors',
    '/cache/timm/inception_v3.tv_in1k/model.safetensors',
    '/cache/other/inception_v3.tv_in1k/0123456789abcdef/model.safetensors',
    '/cache/timm/inception_v3.tv_in1k/0123456789abcdef/other.safetensors',
    '/home/me/resnet18.safetensors',
    '/home/me/inception_v3.tv_in1k.onnx',
  ])('%s tells of none', (path) => expect(findHubWeightsAt(path)).toBeUndefined());
});
