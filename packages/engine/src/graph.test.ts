import { decodeModel } from '@mien/onnx';
import { describe, expect, it } from 'vitest';
import { Graph } from './graph.ts';
import { blockedDomain } from './kernels/kernels.ts';
import { relu } from './ops/activation.ts';
import { conv } from './ops/conv.ts';

describe('Graph', () => {
  it('shares equal constants, and only those', () => {
    const g = new Graph('g');
    expect(g.constant([1, 2])).toBe(g.constant([1, 2]));
    expect(g.constant([1, 2])).not.toBe(g.constant([1, 2], [2, 1]));
    expect(g.constant([1, 2], [2], 'int64')).not.toBe(g.constant([1, 2]));
    expect(g.constant(1).shape).toEqual([]);
    expect(g.constant([1]).shape).toEqual([1]);
  });

  it('refuses a parameter declared twice', () => {
    const g = new Graph('g');
    g.parameter('w', [1]);
    expect(() => g.parameter('w', [2])).toThrow('parameter w is declared twice');
  });

  it('encodes a symbolic batch as N, and the blocked domain only where it is used', () => {
    const build = (block: number) => {
      const g = new Graph('net', { block });
      const x = g.input('image', [1, 8, 4, 4], 'float32', true);
      g.output('y', relu(conv(x, g.parameter('w', [8, 8, 3, 3]))), { symbolicBatch: true });
      return decodeModel(g.encode({ key: 'value' }));
    };
    const plain = build(0);
    expect(plain).toMatchObject({ graphName: 'net', metadata: { key: 'value' }, opsets: { '': 20 } });
    expect(plain.inputs[0]).toEqual({ name: 'image', dtype: 'float32', shape: ['N', 8, 4, 4] });
    expect(plain.outputs[0]).toEqual({ name: 'y', dtype: 'float32', shape: ['N', 8, 4, 4] });
    expect(Object.keys(plain.opsets)).not.toContain(blockedDomain);
    const blocked = build(8);
    expect(blocked.opsets[blockedDomain]).toBe(1);
    expect(blocked.nodes.map((n) => n.opType)).toEqual(['ReorderInput', 'Conv', 'ReorderOutput', 'Identity']);
    expect(blocked.nodes[1]!.attributes).toMatchObject({ activation: 'Relu' });
  });

  it('records nothing without a parameter upstream', () => {
    const g = new Graph('g');
    relu(g.input('x', [2]));
    expect(g.tape).toEqual([]);
    expect(relu(g.parameter('p', [2], false)).requiresGrad).toBe(false);
    expect(relu(g.parameter('w', [2])).requiresGrad).toBe(true);
  });

  it('records again after a build that throws', () => {
    const g = new Graph('g');
    expect(() =>
      g.untaped(() => {
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(g.recording).toBe(true);
  });
});
