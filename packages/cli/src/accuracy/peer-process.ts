/**
 * One peer in a process of its own, on TensorFlow.js' WebAssembly backend with one thread: the fastest that installs everywhere.
 * Started by `run-peer.ts` with one JSON argument; answers every face with the peer's outputs and its time.
 * The packages' own entrance for Node wants a native module that often does not build, so their build for browsers is
 * used: what makes it take this process for Node is hidden while it starts, which is why it has one to itself.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PeerFace, PeerMessage, PeerStart } from './peer-messages.ts';
import type { FaceApiModule, HumanModule, Tensor, TensorFlow } from './tfjs.ts';

type Run = (face: PeerFace) => Promise<Float32Array>;

const { peer, files } = JSON.parse(process.argv[2]!) as PeerStart;
const send = (message: PeerMessage): void => {
  process.send!(message);
};

const bytesOf = (file: string): ArrayBuffer => Uint8Array.from(readFileSync(file)).buffer;

async function startTensorFlow(tf: TensorFlow): Promise<void> {
  const binaries = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm-threaded-simd.wasm'];
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  tf.setWasmPaths(
    Object.fromEntries(binaries.map((name) => [name, `data:application/wasm;base64,${readFileSync(join(files.wasmDir, name)).toString('base64')}`])),
  );
  if (!(await tf.setBackend('wasm'))) throw new Error(`${files.npm}: TensorFlow.js could not start its WebAssembly backend`);
}

async function take(tf: TensorFlow, run: () => Tensor): Promise<Float32Array> {
  const outputs = tf.tidy(run);
  const values = await outputs.data();
  outputs.dispose();
  return values;
}

/** As `src/gear/emotion.ts` of human: 0…1, resized to 64×64, weighed to grey, −1…1. */
async function openHuman(module: HumanModule): Promise<Run> {
  const { tf } = new module.Human({ debug: false });
  await startTensorFlow(tf);
  const { modelTopology, weightsManifest } = JSON.parse(readFileSync(files.manifest, 'utf8')) as {
    modelTopology: object;
    weightsManifest: { weights: object[] }[];
  };
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const model = await tf.loadGraphModel(tf.io.fromMemory({ format: 'graph-model', modelTopology, weightSpecs, weightData: bytesOf(files.weights) }));
  const grey = tf.tensor1d([0.2989, 0.587, 0.114]);
  return ({ pixels, height, width }) =>
    take(tf, () => {
      const face = tf.div(tf.tensor(pixels, [1, height, width, 3], 'float32'), 255);
      const sized = tf.image.resizeBilinear(face, [64, 64], false);
      return model.execute(tf.mul(tf.sub(tf.sum(tf.mul(sized, grey), 3, true), 0.5), 2));
    });
}

/** The network's own `forwardInput` resizes to 112×112 and normalises. */
async function openFaceApi({ tf, NetInput, FaceExpressionNet }: FaceApiModule): Promise<Run> {
  await startTensorFlow(tf);
  const manifest = JSON.parse(readFileSync(files.manifest, 'utf8')) as { weights: object[] }[];
  const net = new FaceExpressionNet();
  net.loadFromWeightMap(
    tf.io.decodeWeights(
      bytesOf(files.weights),
      manifest.flatMap(({ weights }) => weights),
    ),
  );
  return ({ pixels, height, width }) => take(tf, () => net.forwardInput(new NetInput([tf.tensor(pixels, [height, width, 3], 'float32')])));
}

/** Opens the peer while this process does not look like Node. */
async function open(): Promise<Run> {
  const { versions } = process;
  // Node sets its own fetch up at the first call, and reads its version for it.
  await fetch('data:,');
  Object.defineProperty(process, 'versions', { value: { ...versions, node: undefined }, configurable: true });
  Object.assign(globalThis, { WorkerGlobalScope: class {} });
  try {
    const module: unknown = await import(pathToFileURL(files.module).href);
    return peer === 'human' ? await openHuman(module as HumanModule) : await openFaceApi(module as FaceApiModule);
  } finally {
    Object.defineProperty(process, 'versions', { value: versions, configurable: true });
  }
}

const run = await open();
process.on('message', async (face: PeerFace) => {
  const began = performance.now();
  const outputs = await run(face);
  send({ outputs: [...outputs], ms: performance.now() - began });
});
send({ ready: true });
