import { type CreateSession, decodeModel, DeviceError, encodeModel, type TensorValue } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { kernels, noBlocks } from '../../test/compare-kernels.ts';
import { blockedDomain, portableKernels, standardKernels } from './kernels.ts';
import { chooseKernels, probeKernels, relativeError } from './probe.ts';
import { blockWeights, unblockWeights } from './weight-layout.ts';

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

  // Batch norm, gates and ReLU masks are depthwise blocked convolutions with sums and activations.
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

  it.skipIf(noBlocks)('an ONNX Runtime whose blocks have another size is found out', async () => {
    const other = kernels.block === 8 ? 16 : 8;
    /** Reads weights laid out in this machine's blocks as if they were laid out in the other size. */
    const reblocking: CreateSession = async (model, options) => {
      const session = await createSession(model, options);
      const blocked = decodeModel(model).nodes.some((n) => n.domain === blockedDomain);
      return {
        ...session,
        run: (feeds, fetches) => {
          const misread = (name: string, t: TensorValue): TensorValue => {
            if (!blocked || name === 'weights' || t.shape[2] !== 3) return t;
            return { ...t, data: blockWeights(unblockWeights(t.data as Float32Array, t.shape, kernels.block), t.shape, other) } as TensorValue;
          };
          return session.run(Object.fromEntries(Object.entries(feeds).map(([name, t]) => [name, misread(name, t)])), fetches);
        },
      };
    };
    const { kernels: found, report } = await probeKernels(reblocking);
    expect(found.block).not.toBe(kernels.block);
    expect(report).toContain(`standard convolutions only`);
    expect(report).toMatch(new RegExp(`blocks of ${kernels.block}: wrong numbers`));
    expect(report).not.toContain('\n');
  });

  it.skipIf(noBlocks)('an ONNX Runtime that leaves a result out gives the standard kernels', async () => {
    const leaving: CreateSession = async (model, options) => {
      const session = await createSession(model, options);
      const blocked = decodeModel(model).nodes.some((n) => n.domain === blockedDomain);
      return {
        ...session,
        async run(feeds, fetches) {
          const { ddense, ...others } = await session.run(feeds, fetches);
          return blocked ? others : { ...others, ddense: ddense! };
        },
      };
    };
    const { kernels: found, report } = await probeKernels(leaving);
    expect(found).toEqual(standardKernels);
    expect(report).toContain('wrong numbers');
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

describe('chooseKernels', () => {
  /** The processor under another name, with one output changed. */
  const accelerator =
    (change: (data: Float32Array) => void): CreateSession =>
    async (model, options) => {
      const { device, ...rest } = options ?? {};
      const session = await createSession(model, rest);
      if (device !== 'webgpu') return session;
      return {
        ...session,
        async run(feeds, fetches) {
          const results = await session.run(feeds, fetches);
          change(results.ddense!.data as Float32Array);
          return results;
        },
      };
    };

  it('the processor gets what the probe finds', async () => {
    expect((await chooseKernels(createSession, 'cpu')).kernels).toEqual(kernels);
  });

  it('an accelerator that computes rightly gets the portable kernels, openly', async () => {
    const { kernels: found, report } = await chooseKernels(
      accelerator(() => undefined),
      'webgpu',
    );
    expect(found).toEqual(portableKernels);
    expect(report).toMatch(/^standard convolutions on webgpu \(probe error 0\.0e\+0\)$/);
  });

  it('an accelerator that computes wrongly is an error, never the processor in silence', async () => {
    const wrong = chooseKernels(
      accelerator((data) => data.fill(0)),
      'webgpu',
    );
    await expect(wrong).rejects.toThrow(DeviceError);
    await expect(wrong).rejects.toThrow(/device webgpu computes wrong numbers \(relative error 1\.0e\+0/);
  });

  it('WebAssembly gets the standard kernels', async () => {
    expect((await chooseKernels(createSession, 'wasm')).kernels).toEqual(standardKernels);
  });

  it('a device that is not there is an error', async () => {
    const absent = chooseKernels(async (model, options) => {
      if (options?.device === 'cuda') throw new DeviceError('cuda', 'device cuda cannot be used here');
      return createSession(model, options);
    }, 'cuda');
    await expect(absent).rejects.toThrow(/^device cuda cannot be used here$/);
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
