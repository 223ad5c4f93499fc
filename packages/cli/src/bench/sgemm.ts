/** The roofline: a square float32 matrix product, measured in the same run as everything that is held against it. */
import { type CreateSession, encodeModel } from '@mien/onnx';
import { randomFor } from '@mien/data';
import { median, timed } from './timing.ts';

const size = 1536;
const products = 7;
const warmups = 3;

export interface Sgemm {
  /** GFLOP/s: the median of seven products. */
  measure(): Promise<number>;
  release(): Promise<void>;
}

/** A matrix product on all cores, or on the device the sessions are for; warm when it is handed out. */
export async function openSgemm(createSession: CreateSession): Promise<Sgemm> {
  const port = (name: string) => ({ name, dtype: 'float32' as const, shape: [size, size] });
  const model = encodeModel({
    irVersion: 9,
    opsets: { '': 20 },
    producer: 'mien',
    graphName: 'sgemm',
    initializers: {},
    metadata: {},
    nodes: [{ opType: 'MatMul', inputs: ['a', 'b'], outputs: ['c'] }],
    inputs: [port('a'), port('b')],
    outputs: [port('c')],
  });
  const session = await createSession(model);
  const random = randomFor('sgemm');
  const matrix = () => ({ dtype: 'float32' as const, shape: [size, size], data: Float32Array.from({ length: size * size }, () => random.next() - 0.5) });
  const run = session.bind({ a: matrix(), b: matrix() }, { c: matrix() });
  for (let i = 0; i < warmups; i++) await run();
  return {
    async measure() {
      const rates: number[] = [];
      for (let i = 0; i < products; i++) rates.push((2 * size ** 3) / (await timed(run)) / 1e6);
      return median(rates);
    },
    release: () => session.release(),
  };
}
