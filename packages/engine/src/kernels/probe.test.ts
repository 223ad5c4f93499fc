import { type CreateSession, decodeModel, encodeModel } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { kernels, noBlocks } from '../../test/compare-kernels.ts';
import { blockedDomain, standardKernels } from './kernels.ts';
import { probeKernels, relativeError } from './probe.ts';

/** The real sessions, with one output of blocked graphs changed. */
function perturbed(output: string, change: (data: Float32Array) => void): CreateSession {
  return async (model, options) => {
    const session = await createSession(model, options);
    const blocked = decodeModel(model).nodes.some((n) => n.domain === blockedDomain);
    return {
      ...session,
      async run(feeds, fetches) {
        const results = await session.run(feeds, fetches);
        if (blocked) change(results[output]!.data as Float32Array);
        return results;
      },
    };
  };
}

describe('probeKernels', () => {
  it('says in one line which kernels it found', async () => {
    const { kernels: found, report } = await probeKernels(createSession);
    expect([0, 8, 16]).toContain(found.block);
    expect(report).not.toContain('\n');
    expect(report).toContain(found.block ? `${found.block} channels a block` : 'standard convolutions only');
    expect(found).toEqual(kernels);
  });

  const last = (data: Float32Array) => {
    data[data.length - 1]! += 0.01 * data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  };
  it.skipIf(noBlocks).each(['y', 'dimage', 'ddense'])('one wrong number in %s is enough for the standard kernels, and says why', async (output) => {
    const { kernels: found, report } = await probeKernels(perturbed(output, last));
    expect(found).toEqual(standardKernels);
    expect(report).toMatch(/standard convolutions only, training will be slower/);
    expect(report).toMatch(
      new RegExp(
        `blocks of ${kernels.block}: wrong numbers \\(relative error 1\\.\\d+e-2\\)|blocks of ${kernels.block}: wrong numbers \\(relative error 9\\.\\d+e-3\\)`,
      ),
    );
  });

  it.skipIf(noBlocks)('so is NaN', async () => {
    const { kernels: found, report } = await probeKernels(perturbed('dstem', (data) => data.fill(Number.NaN)));
    expect(found).toEqual(standardKernels);
    expect(report).toContain('wrong numbers (relative error Infinity)');
  });

  // The probe runs dense stride-1 convolutions only. Batch norm, gates and ReLU masks are depthwise blocked convolutions
  // with sums and activations: a change there goes unnoticed.
  it.skipIf(noBlocks)('an ONNX Runtime whose depthwise blocked convolutions forget their activation is found out', async () => {
    const forgetful: CreateSession = (bytes, options) => {
      const model = decodeModel(bytes);
      const nodes = model.nodes.map((n) => {
        if (n.domain !== blockedDomain || !((n.attributes?.group as number) > 1)) return n;
        const { activation: _, ...attributes } = n.attributes!;
        return { ...n, attributes };
      });
      return createSession(encodeModel({ ...model, nodes }), options);
    };
    expect((await probeKernels(forgetful)).kernels).toEqual(standardKernels);
  });

  it('an ONNX Runtime without the internal ops gives the standard kernels and its own message', async () => {
    const refusing: CreateSession = async (model, options) => {
      if (decodeModel(model).nodes.some((n) => n.domain === blockedDomain))
        throw new Error('Fatal error: com.microsoft.nchwc:Conv(-1) is not a registered function/op\nand more');
      return createSession(model, options);
    };
    const { kernels: found, report } = await probeKernels(refusing);
    expect(found).toEqual(standardKernels);
    expect(report).toContain('blocks of 16: Fatal error: com.microsoft.nchwc:Conv(-1) is not a registered function/op; blocks of 8:');
  });
});

describe('relativeError', () => {
  it('is the largest difference over the largest magnitude', () => {
    expect(relativeError(Float32Array.of(1, 2.5), Float32Array.of(1, 2))).toBeCloseTo(0.25);
    expect(relativeError(Float32Array.of(0, 0), Float32Array.of(0, 0))).toBe(0);
  });

  it('is infinite where a value is missing or no number', () => {
    expect(relativeError(Float32Array.of(1), Float32Array.of(1, 2))).toBe(Number.POSITIVE_INFINITY);
    expect(relativeError(Float32Array.of(Number.NaN), Float32Array.of(1))).toBe(Number.POSITIVE_INFINITY);
    expect(relativeError(Float32Array.of(Number.POSITIVE_INFINITY), Float32Array.of(1))).toBe(Number.POSITIVE_INFINITY);
  });
});
