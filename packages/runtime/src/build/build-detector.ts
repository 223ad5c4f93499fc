/**
 * Build step: turns the SSD MobileNet weights of the npm package @vladmandic/face-api into
 * `assets/face-detector.onnx`, beside the licence they came under.
 * Run: `node packages/runtime/dist/build/build-detector.js`
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { encodeModel } from '@mien/onnx';
import { ssdMobilenetGraph } from '../detector/ssd-mobilenet-graph.ts';
import { readFaceApiWeights } from './face-api-weights.ts';

const source = dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json'));
const assets = join(import.meta.dirname, '../../assets');

const manifest = JSON.parse(readFileSync(join(source, 'model/ssd_mobilenetv1_model-weights_manifest.json'), 'utf8'));
const weights = readFaceApiWeights(manifest, readFileSync(join(source, 'model/ssd_mobilenetv1_model.bin')));
const { version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as { version: string };
const graph = ssdMobilenetGraph(weights);
const bytes = encodeModel({ ...graph, metadata: { ...graph.metadata, source: `@vladmandic/face-api ${version}, ssd_mobilenetv1_model` } });

mkdirSync(assets, { recursive: true });
const file = join(assets, 'face-detector.onnx');
// Written aside and renamed, so that an interrupted build leaves no half file behind.
writeFileSync(`${file}.part`, bytes);
renameSync(`${file}.part`, file);
console.error(`${file}: ${(bytes.length / 1e6).toFixed(1)} MB from @vladmandic/face-api ${version}`);
