import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeviceError } from '../device.ts';
import { encodeModel } from '../model-file.ts';
import type { Session } from '../session.ts';
import { tensor } from '../tensor.ts';
import { createSession, runtimeVersion } from './index.ts';

const model = encodeModel({
  irVersion: 9,
  opsets: { '': 20 },
  producer: 'test',
  graphName: 'g',
  nodes: [
    { opType: 'Add', inputs: ['a', 'b'], outputs: ['sum'] },
    { opType: 'Mul', inputs: ['a', 'b'], outputs: ['product'] },
  ],
  initializers: {},
  inputs: ['a', 'b'].map((name) => ({ name, dtype: 'float32' as const, shape: [3] })),
  outputs: ['sum', 'product'].map((name) => ({ name, dtype: 'float32' as const, shape: [3] })),
  metadata: {},
});

let session: Session;
beforeAll(async () => {
  session = await createSession(model, { threads: 1 });
});
afterAll(() => session.release());

const of = (...values: number[]) => tensor.float32(Float32Array.from(values), [values.length]);

describe('session in Node', () => {
  it('names its inputs and outputs', () => {
    expect(session.inputNames).toEqual(['a', 'b']);
    expect(session.outputNames).toEqual(['sum', 'product']);
    expect(runtimeVersion).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('runs all outputs, or those asked for', async () => {
    const feeds = { a: of(1, 2, 3), b: of(4, 5, 6) };
    const all = await session.run(feeds);
    expect(Object.keys(all).sort()).toEqual(['product', 'sum']);
    expect(all.sum).toEqual({ dtype: 'float32', shape: [3], data: Float32Array.of(5, 7, 9) });
    expect(Object.keys(await session.run(feeds, ['product']))).toEqual(['product']);
  });

  it('writes into a given tensor', async () => {
    const out = of(0, 0, 0);
    await session.run({ a: of(1, 2, 3), b: of(4, 5, 6) }, { product: out });
    expect([...out.data]).toEqual([4, 10, 18]);
  });

  it('a bound runner reads and writes the same memory at every run', async () => {
    const a = of(1, 1, 1);
    const sum = of(0, 0, 0);
    const run = session.bind({ a, b: of(10, 20, 30) }, { sum });
    const memory = sum.data.buffer;
    await run();
    expect([...sum.data]).toEqual([11, 21, 31]);
    a.data.set([5, 6, 7]);
    await run();
    expect([...sum.data]).toEqual([15, 26, 37]);
    expect(sum.data.buffer).toBe(memory);
  });

  it('a bound runner works on part of a larger buffer', async () => {
    const whole = new Float32Array(9).fill(-1);
    const run = session.bind({ a: of(1, 2, 3), b: of(1, 1, 1) }, { sum: tensor.float32(whole.subarray(3, 6), [3]) });
    await run();
    expect([...whole]).toEqual([-1, -1, -1, 2, 3, 4, -1, -1, -1]);
  });

  it('runs on an NVIDIA card, or says what one needs', async () => {
    const opened = await createSession(model, { device: 'cuda' }).catch((error: unknown) => error);
    if (opened instanceof Error) {
      expect(opened).toBeInstanceOf(DeviceError);
      expect(opened.message).toMatch(/^device cuda cannot be used here: [^\n]*CUDA libraries[^\n]*; cpu always works$/);
      return;
    }
    const { sum } = await (opened as Session).run({ a: of(1, 2, 3), b: of(4, 5, 6) });
    expect([...(sum!.data as Float32Array)]).toEqual([5, 7, 9]);
    await (opened as Session).release();
  });

  it('refuses a device Node does not have, and bytes that are no model', async () => {
    await expect(createSession(model, { device: 'wasm' })).rejects.toThrow(/device wasm is for browsers; Node has cpu, webgpu, cuda/);
    await expect(createSession(new Uint8Array([1, 2, 3]))).rejects.toThrow();
  });
});
