/** Models in people's hands must go on working: what was released is still what its architecture builds. */
import { readdirSync, readFileSync } from 'node:fs';
import { buildNetwork, relativeError } from '@mien/engine';
import type { TensorValue } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { readCard } from '@mien/runtime';
import { expect, it } from 'vitest';
import { pixels } from '../test/small-builds.ts';
import type { BuildOptions } from './architecture.ts';
import { findArchitecture } from './registry.ts';
import { decodeOnnxTensors } from './weights/onnx-tensors.ts';

const folder = new URL('../../../models/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.onnx'));
/** As their recipes have them; the others were released with the architecture's own options. */
const options: Record<string, Omit<BuildOptions, 'classes'>> = { 'mien-resnet': { stages: 3, cbam: 'after-base' } };

it('there are released models', () => expect(files).toContain('mien-seresnet.onnx'));

it.each(files)('%s: its weights fit the architecture its card names, and give the logits of the file', async (file) => {
  const bytes = new Uint8Array(readFileSync(new URL(file, folder)));
  const { name, architecture, labels, otherHeads = [], preprocessing, output } = readCard(bytes);
  const input = preprocessing.input.shape;
  // Several heads are cut, in this order, from one wider output.
  const heads = [{ output: output.name, classes: labels.length }, ...otherHeads.map((head) => ({ output: head.output.name, classes: head.labels.length }))];
  const classes = heads.reduce((sum, head) => sum + head.classes, 0);
  const network = findArchitecture(architecture)!.build({ classes, ...options[name] });
  const { tensors } = decodeOnnxTensors(bytes, file);
  const stored = new Map([...tensors].map(([weight, { data }]) => [weight, data]));
  const built = buildNetwork(network, input, { mode: 'infer', batch: 2, weights: stored });
  for (const { name: weight, shape } of built.specs) expect(stored.get(weight)!.length, weight).toBe(shape.reduce((product, dim) => product * dim, 1));
  built.graph.output('all', built.logits);
  const feeds = { image: { dtype: 'float32', shape: [2, ...input], data: pixels(2, input) } } as const;
  const runs: Record<string, TensorValue>[] = [];
  for (const model of [bytes, built.graph.encode()]) {
    const session = await createSession(model, { threads: 1 });
    runs.push(await session.run(feeds));
    await session.release();
  }
  const ofFile = [0, 1].flatMap((n) =>
    heads.flatMap((head) => [...(runs[0]![head.output]!.data as Float32Array)].slice(n * head.classes, (n + 1) * head.classes)),
  );
  expect(ofFile.length).toBe(2 * classes);
  expect(relativeError(runs[1]!.all!.data as Float32Array, Float32Array.from(ofFile))).toBeLessThan(1e-4);
});
