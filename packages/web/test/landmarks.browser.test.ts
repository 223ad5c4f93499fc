/** A model that turns faces level and is given their points, in a page: the landmark network is fetched, and answers as in Node. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeModel, encodeModel, tensor } from '@mien/onnx';
import { liveModelName } from '@mien/released-models';
import { cardKey, findExpressions, landmarkFeatureCount, landmarkKind, readCard } from '@mien/runtime';
import { createNodeRecogniser, decodeImage, lightDetector } from '@mien/runtime/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executablePath, model, photographs, released, TestPages, timeoutMs } from './test-pages.ts';

/** The released model, its logits moved by the points of the face. */
async function levelModel(): Promise<Uint8Array> {
  const bytes = new Uint8Array(await readFile(join(released, `${liveModelName}.onnx`)));
  const card = readCard(bytes);
  const network = decodeModel(bytes);
  const { name } = card.output;
  const weights = Float32Array.from({ length: landmarkFeatureCount * 7 }, (_, i) => Math.sin(i) / 4);
  return encodeModel({
    ...network,
    nodes: [
      ...network.nodes.map((node) => ({ ...node, outputs: node.outputs.map((output) => (output === name ? 'of pixels' : output)) })),
      { opType: 'MatMul', inputs: ['landmarks', 'of points'], outputs: ['moved'] },
      { opType: 'Add', inputs: ['of pixels', 'moved'], outputs: [name] },
    ],
    initializers: { ...network.initializers, 'of points': tensor.float32(weights, [landmarkFeatureCount, 7]) },
    inputs: [...network.inputs, { name: 'landmarks', dtype: 'float32', shape: ['N', landmarkFeatureCount] }],
    metadata: {
      [cardKey]: JSON.stringify({
        ...card,
        landmarks: { name: 'landmarks', kind: landmarkKind, features: landmarkFeatureCount },
        preprocessing: { ...card.preprocessing, crop: { ...card.preprocessing.crop, align: 'eyes-level' } },
      }),
    },
  });
}

describe.skipIf(!executablePath)('landmarks in a page', { timeout: timeoutMs }, () => {
  let pages: TestPages;
  beforeAll(async () => {
    pages = await TestPages.start({});
    await writeFile(join(pages.files, 'level.onnx'), await levelModel());
  }, timeoutMs);
  afterAll(async () => {
    await pages?.closeBrowsers();
    await pages?.close();
  });

  test('a picture gives what Node gives for it; a model of pixels alone fetches no landmark network', async () => {
    const { page } = await pages.open({});
    const fetched: string[] = [];
    page.on('request', (request) => fetched.push(request.url()));
    const recognise = (address: string) =>
      page.evaluate(async (from) => {
        const mien = await window.web.openMien({ model: from, device: 'wasm' });
        return mien.recognise(await (await fetch('/photos/sample4.jpg')).blob());
      }, address);
    await recognise(model);
    expect(fetched.filter((url) => url.includes('face-landmarks'))).toEqual([]);
    const found = await recognise('/files/level.onnx');
    const [detector, recogniser] = await Promise.all([lightDetector({ threads: 1 }), createNodeRecogniser(join(pages.files, 'level.onnx'), { threads: 1 })]);
    const faces = await findExpressions(await decodeImage(join(photographs, 'sample4.jpg')), detector, recogniser);
    await Promise.all([detector.release(), recogniser.release()]);
    expect(found.length).toBe(faces.length);
    expect(found.length).toBeGreaterThan(1);
    for (const [i, face] of found.entries()) {
      // The page decodes the JPEG itself and makes large pictures smaller.
      for (const [label, p] of Object.entries(face.probabilities)) expect(Math.abs(p - faces[i]!.probabilities[label]!)).toBeLessThan(0.1);
    }
  });
});
