// TensorFlow.js on its WebAssembly backend, the same network from the same weights on the same data as Mien's small one.
//
// The backend has no kernel for Conv2DBackpropFilter, without which no convolution can be trained: it is added here, of
// the backend's own kernels. Three forms were timed on 32 images (one matrix product a tap; one product of all taps side by
// side; one convolution with x as filter); the second was the fastest by 3 to 15 times.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { getThreadsCount, setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { smallCnnBatch, smallCnnClasses, smallCnnInput, smallCnnRate, smallCnnWeights, smallCnnWidths } from '../../packages/cli/dist/bench/small-cnn.js';

/** dW of a stride-1 convolution: the taps of x, [kh·kw·C, N·H·W], times dy, [N·H·W, K]. */
function filterGradient(x, dy, [kh, kw, C, K]) {
  const [N, Ho, Wo] = dy.shape;
  const [top, left] = [(kh - 1) >> 1, (kw - 1) >> 1];
  const channels = tf.transpose(x, [3, 0, 1, 2]);
  const padded = tf.pad(channels, [[0, 0], [0, 0], [top, kh - 1 - top], [left, kw - 1 - left]]); // biome-ignore format: one line
  const taps = [];
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) taps.push(tf.reshape(tf.slice(padded, [0, 0, i, j], [C, N, Ho, Wo]), [C, N * Ho * Wo]));
  }
  return tf.reshape(tf.matMul(tf.concat(taps, 0), tf.reshape(dy, [N * Ho * Wo, K])), [kh, kw, C, K]);
}

tf.registerKernel({
  kernelName: 'Conv2DBackpropFilter',
  backendName: 'wasm',
  kernelFunc: ({ inputs: { x, dy }, attrs: { strides, pad, filterShape } }) => {
    if (pad !== 'same' || [strides].flat().some((s) => s !== 1)) throw new Error('only what the benchmark needs: stride 1, "same" padding');
    return tf.tidy(() => filterGradient(x, dy, filterShape));
  },
});

/** Variables in TensorFlow.js's order: filters HWIO, matrices [D,K]. */
function variables() {
  const shapes = new Map();
  let C = smallCnnInput[0];
  for (const [i, K] of smallCnnWidths.entries()) {
    shapes.set(`conv${i + 1}.weight`, [K, C, 3, 3]).set(`conv${i + 1}.bias`, [K]);
    C = K;
  }
  shapes.set('classifier.weight', [smallCnnClasses, C]).set('classifier.bias', [smallCnnClasses]);
  const perm = { 4: [2, 3, 1, 0], 2: [1, 0], 1: [0] };
  return Object.fromEntries(
    [...smallCnnWeights(shapes)].map(([name, data]) => [name, tf.variable(tf.transpose(tf.tensor(data, shapes.get(name)), perm[shapes.get(name).length]))]),
  );
}

function logits(w, images) {
  let y = images;
  for (const i of smallCnnWidths.keys()) {
    y = tf.relu(tf.add(tf.conv2d(y, w[`conv${i + 1}.weight`], 1, 'same'), w[`conv${i + 1}.bias`]));
    if (i < 2) y = tf.maxPool(y, 2, 2, 'valid');
  }
  return tf.add(tf.matMul(tf.mean(y, [1, 2]), w['classifier.weight']), w['classifier.bias']);
}

export async function train({ batch, steps, threads }) {
  setWasmPaths('/tfjs/');
  setThreadsCount(threads);
  await tf.setBackend('wasm');
  await tf.ready();
  const w = variables();
  const data = smallCnnBatch(batch);
  const [C, H, W] = smallCnnInput;
  const images = tf.tensor(data.images, [batch, H, W, C]);
  const targets = tf.tensor(data.targets, [batch, smallCnnClasses]);
  const optimizer = tf.train.sgd(smallCnnRate);
  const times = [];
  const losses = [];
  for (let i = 0; i < steps; i++) {
    const began = performance.now();
    const loss = optimizer.minimize(() => tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(logits(w, images))), 1))), true);
    losses.push((await loss.data())[0]);
    loss.dispose();
    times.push(performance.now() - began);
  }
  const parameters = Object.values(w).reduce((sum, v) => sum + v.size, 0);
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  const engine = `TensorFlow.js ${tf.version_core}, WebAssembly${simd ? ' with SIMD' : ''}, ${getThreadsCount()} threads`;
  return { engine, parameters, losses, steps: times };
}
