/**
 * Build step: turns the weights of face networks in npm packages into ONNX files in `assets/`, beside the licences
 * they came under: `face-detector.onnx`, the default, from the SSD MobileNet of @vladmandic/face-api,
 * `face-detector-light.onnx`, for video, from the BlazeFace of @vladmandic/human, and `face-landmarks.onnx` from the
 * 68-point network of @vladmandic/face-api.
 * Run: `node packages/runtime/dist/build/build-detector.js`
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { encodeModel, halveWeights, type OnnxModel } from '@mien/onnx';
import { ssdMobilenetGraph } from '../detector/ssd-mobilenet-graph.ts';
import { blazefaceGraph } from './blazeface-graph.ts';
import { readFaceApiWeights } from './face-api-weights.ts';
import { landmarkGraph } from './landmark-graph.ts';
import { readTfGraph } from './tf-graph-model.ts';

const assets = join(import.meta.dirname, '../../assets');
mkdirSync(assets, { recursive: true });

/** The folder of an installed package, found by its main file: not every package lets its package.json be resolved. */
function packageDir(name: string): string {
  const file = createRequire(import.meta.url).resolve(name);
  const folder = join('node_modules', name);
  return file.slice(0, file.lastIndexOf(folder) + folder.length);
}

function versionOf(dir: string): string {
  return (JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as { version: string }).version;
}

function write(name: string, graph: OnnxModel, source: string): void {
  const bytes = encodeModel({ ...graph, metadata: { ...graph.metadata, source } });
  const file = join(assets, name);
  // Written aside and renamed, so that an interrupted build leaves no half file behind.
  writeFileSync(`${file}.part`, bytes);
  renameSync(`${file}.part`, file);
  console.error(`${file}: ${(bytes.length / 1e6).toFixed(1)} MB from ${source}`);
}

const faceApi = packageDir('@vladmandic/face-api');
for (const [name, model, graphOf] of [
  ['face-detector.onnx', 'ssd_mobilenetv1_model', ssdMobilenetGraph],
  ['face-landmarks.onnx', 'face_landmark_68_model', landmarkGraph],
] as const) {
  const manifest = JSON.parse(readFileSync(join(faceApi, `model/${model}-weights_manifest.json`), 'utf8'));
  const weights = readFaceApiWeights(manifest, readFileSync(join(faceApi, `model/${model}.bin`)));
  write(name, graphOf(weights), `@vladmandic/face-api ${versionOf(faceApi)}, ${model}`);
}

const human = packageDir('@vladmandic/human');
const blazeface = readTfGraph(JSON.parse(readFileSync(join(human, 'models/blazeface.json'), 'utf8')), readFileSync(join(human, 'models/blazeface.bin')));
write('face-detector-light.onnx', halveWeights(blazefaceGraph(blazeface)), `@vladmandic/human ${versionOf(human)}, blazeface`);
