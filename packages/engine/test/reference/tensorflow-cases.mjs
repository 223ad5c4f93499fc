// A few small cases, forward and gradients, computed by TensorFlow.js: in its own layout (NHWC), with its own kernels and its own
// derivatives. Nothing of the engine is used. `record.mjs` runs this and keeps the result.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-backend-cpu';

await tf.setBackend('cpu');

let state = 20221;
/** Multiples of 1/64 in (−2, 2): short to write, exact in single precision. */
function draw(size, scale = 1) {
  return Array.from({ length: size }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (Math.round(((state >>> 8) / 2 ** 24 - 0.5) * 255) / 64) * scale;
  });
}
const sizeOf = (shape) => shape.reduce((a, b) => a * b, 1);

const toNhwc = (x) => tf.transpose(x, [0, 2, 3, 1]);
const toNchw = (x) => tf.transpose(x, [0, 3, 1, 2]);
/** OIHW → HWIO. */
const filters = (w) => tf.transpose(w, [2, 3, 1, 0]);

/** HWIO filters with zeros between their taps: a dilation, of which TensorFlow.js has no derivative. */
function spread(w, dilation) {
  const [kh, kw, I, O] = w.shape;
  const apart = tf.pad(tf.reshape(w, [kh, 1, kw, 1, I * O]), [
    [0, 0],
    [0, dilation - 1],
    [0, 0],
    [0, dilation - 1],
    [0, 0],
  ]);
  const whole = tf.reshape(apart, [kh * dilation, kw * dilation, I, O]);
  return tf.slice(whole, [0, 0, 0, 0], [(kh - 1) * dilation + 1, (kw - 1) * dilation + 1, I, O]);
}

function conv(x, w, { stride = 1, dilation = 1, pad }) {
  const [top, left, bottom, right] = pad;
  const padded = tf.pad(toNhwc(x), [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
  return toNchw(tf.conv2d(padded, spread(filters(w), dilation), stride, 'valid'));
}

/** As a quotient of sums: the derivative of tf.avgPool divides by the whole window at borders, where tf.avgPool itself does not. */
function averagePool(x, { size, stride, pad }) {
  const ones = tf.ones([size, size, x.shape[3], 1]);
  const sums = (values) => tf.depthwiseConv2d(values, ones, stride, pad);
  return tf.div(sums(x), sums(tf.onesLike(x)));
}

function normalise(x, axes, epsilon) {
  const mean = tf.mean(x, axes, true);
  const variance = tf.mean(tf.square(tf.sub(x, mean)), axes, true);
  return tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, epsilon)));
}

function attention(q, k, v, heads) {
  const [N, T, D] = q.shape;
  const split = (x) => tf.transpose(tf.reshape(x, [N, T, heads, D / heads]), [0, 2, 1, 3]);
  const scores = tf.softmax(tf.mul(tf.matMul(split(q), split(k), false, true), 1 / Math.sqrt(D / heads)));
  return tf.reshape(tf.transpose(tf.matMul(scores, split(v)), [0, 2, 1, 3]), [N, T, D]);
}

const unary = { relu: tf.relu, relu6: tf.relu6, sigmoid: tf.sigmoid, tanh: tf.tanh };
unary.silu = (x) => tf.mul(x, tf.sigmoid(x));
unary.gelu = (x) => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
unary.hardSwish = (x) => tf.mul(x, tf.div(tf.relu6(tf.add(x, 3)), 6));

/** kind → y from the inputs, which come in the engine's layout. */
const kinds = {
  conv: ({ x, w, b }, options) => tf.add(conv(x, w, options), tf.reshape(b, [1, -1, 1, 1])),
  depthwise({ x, w }, { stride, pad }) {
    const y = tf.depthwiseConv2d(toNhwc(x), tf.transpose(w, [2, 3, 0, 1]), stride, pad);
    return toNchw(y);
  },
  maxPool: ({ x }, { size, stride, pad }) => toNchw(tf.maxPool(toNhwc(x), size, stride, pad)),
  averagePool: ({ x }, options) => toNchw(averagePool(toNhwc(x), options)),
  batchNorm: ({ x, gamma, beta }) => tf.add(tf.mul(normalise(x, [0, 2, 3], 1e-5), tf.reshape(gamma, [1, -1, 1, 1])), tf.reshape(beta, [1, -1, 1, 1])),
  layerNorm: ({ x, gamma, beta }) => tf.add(tf.mul(normalise(x, [-1], 1e-5), gamma), beta),
  dense: ({ x, w, b }) => tf.add(tf.matMul(x, w, false, true), b),
  matMul: ({ a, b }) => tf.matMul(a, b),
  softmax: ({ x }) => tf.softmax(x),
  attention: ({ q, k, v }, { heads }) => attention(q, k, v, heads),
  activation: ({ x }, { op }) => unary[op](x),
  channelMean: ({ x }) => tf.mean(x, [1], true),
  channelMax: ({ x }) => tf.max(x, [1], true),
  spatialMax: ({ x }) => tf.max(x, [2, 3], true),
  crossEntropy: ({ z }, { targets }) => tf.neg(tf.mean(tf.sum(tf.mul(tf.tensor(targets, z.shape), tf.logSoftmax(z)), 1))),
  distillation({ s }, { teacher, temperature: T }) {
    const logp = tf.logSoftmax(tf.div(tf.tensor(teacher, s.shape), T));
    const logq = tf.logSoftmax(tf.div(s, T));
    return tf.mul(T * T, tf.mean(tf.sum(tf.mul(tf.exp(logp), tf.sub(logp, logq)), 1)));
  },
};

const same = [1, 1, 1, 1];
const cases = [
  { kind: 'conv', inputs: { x: [2, 3, 5, 4], w: [4, 3, 3, 3], b: [4] }, options: { pad: same } },
  { kind: 'conv', inputs: { x: [1, 2, 7, 6], w: [3, 2, 3, 3], b: [3] }, options: { stride: 2, pad: same } },
  { kind: 'conv', inputs: { x: [1, 2, 7, 6], w: [2, 2, 3, 3], b: [2] }, options: { dilation: 2, pad: [2, 2, 2, 2] } },
  { kind: 'conv', inputs: { x: [1, 2, 4, 8], w: [2, 2, 1, 7], b: [2] }, options: { pad: [0, 3, 0, 3] } },
  { kind: 'conv', inputs: { x: [1, 2, 8, 7], w: [2, 2, 2, 2], b: [2] }, options: { stride: 3, pad: [0, 0, 0, 0] } },
  { kind: 'conv', inputs: { x: [2, 4, 3, 3], w: [2, 4, 1, 1], b: [2] }, options: { pad: [0, 0, 0, 0] } },
  { kind: 'depthwise', inputs: { x: [2, 3, 6, 5], w: [3, 1, 3, 3] }, options: { stride: 1, pad: 1 } },
  { kind: 'depthwise', inputs: { x: [1, 2, 7, 6], w: [2, 1, 3, 3] }, options: { stride: 2, pad: 1 } },
  { kind: 'maxPool', inputs: { x: [1, 2, 6, 4] }, options: { size: 2, stride: 2, pad: 0 } },
  { kind: 'maxPool', inputs: { x: [1, 2, 7, 6] }, options: { size: 3, stride: 2, pad: 1 } },
  { kind: 'averagePool', inputs: { x: [1, 2, 5, 5] }, options: { size: 3, stride: 1, pad: 1 } },
  { kind: 'averagePool', inputs: { x: [2, 1, 7, 6] }, options: { size: 3, stride: 2, pad: 1 } },
  { kind: 'batchNorm', inputs: { x: [3, 2, 3, 2], gamma: [2], beta: [2] } },
  { kind: 'layerNorm', inputs: { x: [2, 3, 5], gamma: [5], beta: [5] } },
  { kind: 'dense', inputs: { x: [3, 4], w: [2, 4], b: [2] } },
  { kind: 'matMul', inputs: { a: [2, 3, 4], b: [2, 4, 2] } },
  { kind: 'softmax', inputs: { x: [3, 5] } },
  { kind: 'attention', inputs: { q: [2, 3, 4], k: [2, 3, 4], v: [2, 3, 4] }, options: { heads: 2 } },
  ...Object.keys(unary).map((op) => ({ kind: 'activation', inputs: { x: [2, 9] }, options: { op }, scale: 4 })),
  { kind: 'channelMean', inputs: { x: [2, 3, 2, 3] } },
  { kind: 'channelMax', inputs: { x: [2, 3, 2, 3] } },
  { kind: 'spatialMax', inputs: { x: [2, 3, 2, 3] } },
  { kind: 'crossEntropy', inputs: { z: [3, 7] }, options: { targets: draw(21).map(Math.abs) } },
  { kind: 'distillation', inputs: { s: [3, 7] }, options: { teacher: draw(21), temperature: 3 } },
];

const short = (values) => [...values].map((v) => Number(v.toPrecision(7)));

export const recorded = cases.map(({ kind, inputs, options = {}, scale = 1 }) => {
  const names = Object.keys(inputs);
  const values = Object.fromEntries(names.map((name) => [name, draw(sizeOf(inputs[name]), scale)]));
  const y = kinds[kind](Object.fromEntries(names.map((name) => [name, tf.tensor(values[name], inputs[name])])), options);
  const weights = draw(y.size);
  const derivatives = tf.grads((...tensors) => {
    const out = kinds[kind](Object.fromEntries(names.map((name, i) => [name, tensors[i]])), options);
    return tf.sum(tf.mul(out, tf.tensor(weights, out.shape)));
  })(names.map((name) => tf.tensor(values[name], inputs[name])));
  return {
    kind,
    options,
    inputs: Object.fromEntries(names.map((name) => [name, { shape: inputs[name], values: values[name] }])),
    y: { shape: y.shape, values: short(y.dataSync()) },
    /** The loss is Σ weights · y. */
    weights,
    gradients: Object.fromEntries(names.map((name, i) => [name, short(derivatives[i].dataSync())])),
  };
});

for (const { kind, options, inputs, y } of recorded.filter((entry) => entry.kind === 'averagePool')) {
  const own = toNchw(tf.avgPool(toNhwc(tf.tensor(inputs.x.values, inputs.x.shape)), options.size, options.stride, options.pad)).dataSync();
  if (own.some((v, i) => Math.abs(v - y.values[i]) > 1e-5)) throw new Error(`${kind} ${JSON.stringify(options)}: the quotient of sums is not tf.avgPool`);
}

export const header = { implementation: 'TensorFlow.js, CPU backend', version: tf.version_core, note: 'layout NCHW; gradients of Σ weights · y' };
