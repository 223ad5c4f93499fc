/**
 * SSD face detector on MobileNet v1 as an ONNX graph, written from the weights of @vladmandic/face-api (MIT), whose
 * code defines the layers. Changed: NCHW, depthwise batch norm folded into its convolution, only the face class is
 * kept, boxes are decoded outside, and the input may have any size of whole strides instead of 512×512.
 * Papers: Liu et al. 2016 (SSD), Howard et al. 2017 (MobileNets).
 */
import { type Attribute, type OnnxModel, tensor } from '@mien/onnx';
import { detectorKey } from './detector-metadata.ts';
import { QuantisedGraphWriter, type QuantisedWeights } from './quantised-graph-writer.ts';
import type { SsdSpec } from './ssd-spec.ts';

const batchNormEpsilon = 0.001;
/** Depthwise layers that halve the picture, of layers 1…13. */
const halvingLayers = new Set([2, 4, 6, 12]);

class SsdWriter extends QuantisedGraphWriter {
  /** Convolution, bias and ReLU6. `pads` follow TF's SAME: none before and one after when halving an even size. */
  convolution(x: string, prefix: string, kernel: 1 | 3, stride: 1 | 2): string {
    const bias = this.values(`${prefix}/convolution_bn_offset`);
    const inputs = [x, this.filters(`${prefix}/weights`), this.constant(`${prefix}:bias`, bias, [bias.length])];
    return this.relu6(this.add('Conv', inputs, `${prefix}:conv`, convolutionAttributes(kernel, stride)), prefix);
  }

  /** 3×3 depthwise convolution with its batch norm folded in (w·γ/√(σ²+ε)), and ReLU6. */
  depthwise(x: string, prefix: string, stride: 1 | 2): string {
    const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((part) => this.values(`${prefix}/BatchNorm/${part}`)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const filters = this.values(`${prefix}/depthwise_weights`);
    const channels = gamma.length;
    const folded = new Float32Array(channels * 9);
    const bias = new Float32Array(channels);
    for (let c = 0; c < channels; c++) {
      const gain = gamma[c]! / Math.sqrt(variance[c]! + batchNormEpsilon);
      for (let k = 0; k < 9; k++) folded[c * 9 + k] = filters[k * channels + c]! * gain;
      bias[c] = beta[c]! - mean[c]! * gain;
    }
    const inputs = [x, this.constant(`${prefix}:filters`, folded, [channels, 1, 3, 3]), this.constant(`${prefix}:bias`, bias, [channels])];
    return this.relu6(this.add('Conv', inputs, `${prefix}:conv`, { ...convolutionAttributes(3, stride), group: channels }), prefix);
  }

  relu6(x: string, prefix: string): string {
    return this.add('Clip', [x, 'zero', 'six'], `${prefix}:out`);
  }

  /** One prediction head, [N, places·anchors, values] in the order row, column, anchor. */
  head(x: string, prefix: string, values: number, keep?: readonly number[]): string {
    const all = this.values(`${prefix}/biases`);
    const bias = keep ? keep.map((o) => all[o]!) : all;
    const conv = this.add(
      'Conv',
      [x, this.filters(`${prefix}/weights`, keep ? { keep } : {}), this.constant(`${prefix}:bias`, bias, [bias.length])],
      `${prefix}:conv`,
    );
    const last = this.add('Transpose', [conv], `${prefix}:last`, { perm: [0, 2, 3, 1] });
    this.initializers[`${prefix}:shape`] = tensor.int64([0, -1, values]);
    return this.add('Reshape', [last, `${prefix}:shape`], `${prefix}:rows`);
  }
}

// Two cells of padding after, as 0 before: with TF's SAME an even size uses one of them and an odd size (which the
// fixed 512 never has) both, so that cell centres stay where the anchors expect them.
function convolutionAttributes(kernel: 1 | 3, stride: 1 | 2): Record<string, Attribute> {
  const pads = kernel === 1 ? [0, 0, 0, 0] : stride === 1 ? [1, 1, 1, 1] : [0, 0, 2, 2];
  return { kernel_shape: [kernel, kernel], strides: [stride, stride], pads };
}

/** Anchor sizes of each level, [width, height] in pixels, read off the network's table of 5118 anchors for 512×512. */
function readLevels(anchors: Float32Array): SsdSpec['levels'] {
  let row = 0;
  return [3, 6, 6, 6, 6, 6].map((count, level) => {
    const cells = 32 >> level;
    const sizes = Array.from({ length: count }, (_, i) => {
      const [top, left, bottom, right] = anchors.subarray((row + i) * 4, (row + i) * 4 + 4) as unknown as [number, number, number, number];
      return [(right - left) * 512, (bottom - top) * 512] as const;
    });
    row += cells * cells * count;
    return { stridePx: 512 / cells, sizesPx: sizes };
  });
}

/**
 * The detector as an ONNX model. Input `image` [N,3,H,W], RGB as v/127.5 − 1, H and W multiples of 32 → `boxes`
 * [N,P,4] encoded ty, tx, th, tw and `scores` [N,P] in (0,1); P runs over levels, rows, columns, anchors.
 * Its metadata carries the anchors, see `SsdSpec`.
 */
export function ssdMobilenetGraph(weights: QuantisedWeights): OnnxModel {
  const g = new SsdWriter('SSD MobileNet', weights);
  g.constant('zero', [0], []);
  g.constant('six', [6], []);
  let x = g.convolution('image', 'MobilenetV1/Conv2d_0_pointwise', 3, 2);
  let layer11 = '';
  for (let layer = 1; layer <= 13; layer++) {
    x = g.depthwise(x, `MobilenetV1/Conv2d_${layer}_depthwise`, halvingLayers.has(layer) ? 2 : 1);
    x = g.convolution(x, `MobilenetV1/Conv2d_${layer}_pointwise`, 1, 1);
    if (layer === 11) layer11 = x;
  }
  const levels = [layer11, x];
  for (let layer = 0; layer < 8; layer += 2) {
    x = g.convolution(x, `Prediction/Conv2d_${layer}_pointwise`, 1, 1);
    x = g.convolution(x, `Prediction/Conv2d_${layer + 1}_pointwise`, 3, 2);
    levels.push(x);
  }
  const boxes: string[] = [];
  const logits: string[] = [];
  const specLevels = readLevels(g.values('Output/extra_dim'));
  for (const [level, features] of levels.entries()) {
    const prefix = `Prediction/BoxPredictor_${level}`;
    boxes.push(g.head(features, `${prefix}/BoxEncodingPredictor`, 4));
    // Three classes an anchor: background, face, and one the training never used.
    const faceChannels = specLevels[level]!.sizesPx.map((_, anchor) => anchor * 3 + 1);
    logits.push(g.head(features, `${prefix}/ClassPredictor`, 1, faceChannels));
  }
  g.add('Concat', boxes, 'boxes', { axis: 1 });
  g.add('Concat', logits, 'logits', { axis: 1 });
  g.initializers['axis:last'] = tensor.int64([2]);
  g.add('Squeeze', ['logits', 'axis:last'], 'logits:flat');
  g.add('Sigmoid', ['logits:flat'], 'scores');
  const spec: SsdSpec = { kind: 'ssd-mobilenet-v1', levels: specLevels, boxScale: [10, 10, 5, 5] };
  return {
    irVersion: 8,
    opsets: { '': 17 },
    producer: 'mien',
    graphName: 'ssd-mobilenet-v1-face',
    nodes: g.nodes,
    initializers: g.initializers,
    inputs: [{ name: 'image', dtype: 'float32', shape: ['N', 3, 'H', 'W'] }],
    outputs: [
      { name: 'boxes', dtype: 'float32', shape: ['N', 'P', 4] },
      { name: 'scores', dtype: 'float32', shape: ['N', 'P'] },
    ],
    metadata: { [detectorKey]: JSON.stringify(spec), licence: 'MIT, Copyright (c) Vladimir Mandic; see face-detector.LICENSE.txt' },
  };
}
