import { describe, expect, it } from 'vitest';
import type { OnnxNode } from '@mien/onnx';
import { fuseRelu } from './fuse-relu.ts';
import { blockedDomain } from './kernels.ts';

const conv = (from: string, to: string, attributes: OnnxNode['attributes'] = {}): OnnxNode => ({
  opType: 'Conv',
  domain: blockedDomain,
  inputs: [from, 'w'],
  outputs: [to],
  attributes,
});
const node = (opType: string, from: string, to: string): OnnxNode => ({ opType, inputs: [from], outputs: [to], attributes: {} });

describe('fuseRelu', () => {
  it('merges a ReLU that alone reads a blocked convolution', () => {
    const last = node('Sum', 'y', 'z');
    expect(fuseRelu([conv('x', 'c'), node('Relu', 'c', 'y'), last])).toEqual([conv('x', 'y', { activation: 'Relu' }), last]);
  });

  it.each<[string, OnnxNode[]]>([
    ['another op reads the convolution too', [conv('x', 'c'), node('Relu', 'c', 'y'), node('Neg', 'c', 'n')]],
    ['the convolution is an output of the graph', [conv('x', 'c'), node('Relu', 'c', 'y'), node('Identity', 'c', 'out')]],
    ['it has an activation', [conv('x', 'c', { activation: 'Clip' }), node('Relu', 'c', 'y')]],
    ['it is not blocked', [{ ...conv('x', 'c'), domain: '' }, node('Relu', 'c', 'y')]],
    ['the op is another', [conv('x', 'c'), node('Sigmoid', 'c', 'y')]],
  ])('leaves it where %s', (_, nodes) => {
    expect(fuseRelu(nodes)).toEqual(nodes);
  });
});
