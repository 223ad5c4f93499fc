/** Models in people's hands must go on working: what was released is still what its architecture builds. */
import { readdirSync, readFileSync } from 'node:fs';
import { buildNetwork, relativeError } from '@mien/engine';
import { decodeFloat16, decodeModel } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { readCard } from '@mien/runtime';
import { expect, it } from 'vitest';
import { pixels } from '../test/small-builds.ts';
import { findArchitecture } from './registry.ts';

const folder = new URL('../../../models/', import.meta.url);
/** Released with the architecture's own options; cards of others say which. */
const files = readdirSync(folder).filter((file) => file === 'mien-seresnet.onnx');

it('there is the first released model', () => expect(files.length).toBe(1));

it.each(files)('%s: its weights fit the architecture its card names, and give the logits of the file', async (file) => {
  const bytes = new Uint8Array(readFileSync(new URL(file, folder)));
  const { architecture, labels, preprocessing } = readCard(bytes);
  const input = preprocessing.input.shape;
  const network = findArchitecture(architecture)!.build({ classes: labels.length });
  const stored = new Map(
    Object.entries(decodeModel(bytes).initializers).map(([name, { dtype, data }]) => [
      name.replace(/\.float16$/, ''),
      dtype === 'float16' ? decodeFloat16(data as Uint16Array) : (data as Float32Array),
    ]),
  );
  const built = buildNetwork(network, input, { mode: 'infer', batch: 2, weights: stored });
  for (const { name, shape } of built.specs) expect(stored.get(name)!.length, name).toBe(shape.reduce((product, dim) => product * dim, 1));
  built.graph.output('logits', built.logits);
  const feeds = { image: { dtype: 'float32', shape: [2, ...input], data: pixels(2, input) } } as const;
  const logits = [];
  for (const model of [bytes, built.graph.encode()]) {
    const session = await createSession(model, { threads: 1 });
    logits.push((await session.run(feeds)).logits!.data as Float32Array);
    await session.release();
  }
  expect(relativeError(logits[1]!, logits[0]!)).toBeLessThan(1e-4);
});
