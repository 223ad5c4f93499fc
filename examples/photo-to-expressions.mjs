// A photograph in, faces with expressions out, without the command line.
//   node examples/photo-to-expressions.mjs photo.jpg
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defaultModelName, releasedModelsUrl } from '@mien/released-models';
import { findExpressions } from '@mien/runtime';
import { createNodeRecogniser, decodeImage, defaultDetector } from '@mien/runtime/node';

const folder = fileURLToPath(releasedModelsUrl);
const file = readdirSync(folder).find((name) => name === `${defaultModelName}.onnx`);
const [detector, recogniser] = await Promise.all([defaultDetector(), createNodeRecogniser(folder + file)]);

const image = await decodeImage(process.argv[2]);
for (const face of await findExpressions(image, detector, recogniser)) {
  console.log(`${face.expression} (${(100 * face.probabilities[face.expression]).toFixed(0)} %) at ${Math.round(face.box.x)},${Math.round(face.box.y)}`);
}

await Promise.all([detector.release(), recogniser.release()]);
