/**
 * The 68-point landmark network of @vladmandic/face-api (MIT) as an ONNX graph, written from its weights; its code
 * defines the layers: four blocks of separable convolutions (Howard et al. 2017), each output of which is added to
 * all later ones, global average pooling, one dense layer. 0.36 M weights of one byte, 0.10 GFLOP a face.
 * Changed: NCHW, the normalisation of pixels is part of the graph.
 */
import { type Attribute, type OnnxModel, tensor } from '@mien/onnx';
import { QuantisedGraphWriter, type QuantisedWeights } from '../detector/quantised-graph-writer.ts';
import { landmarkCount } from '../landmarks/face-points.ts';
import { landmarkKey, landmarkKind, type LandmarkSpec } from '../landmarks/landmark-spec.ts';

const sizePx = 112;
/** What the network was trained with, of R, G, B in 0…255. */
const meanRgb = [122.782, 117.001, 104.298];

class LandmarkWriter extends QuantisedGraphWriter {
  bias(name: string): string {
    const values = this.values(name);
    return this.constant(`${name}:bias`, values, [values.length]);
  }

  /** 3×3 depthwise, then 1×1, nothing between them. */
  separable(x: string, prefix: string, stride: 1 | 2): string {
    const filters = this.filters(`${prefix}/depthwise_filter`, { depthwise: true });
    const group = this.weight(`${prefix}/depthwise_filter`).shape[2]!;
    const depthwise = this.add('Conv', [x, filters], `${prefix}:depthwise`, { ...window3(stride), group });
    return this.add('Conv', [depthwise, this.filters(`${prefix}/pointwise_filter`), this.bias(`${prefix}/bias`)], `${prefix}:conv`);
  }

  first(x: string, prefix: string): string {
    return this.add('Conv', [x, this.filters(`${prefix}/filters`), this.bias(`${prefix}/bias`)], `${prefix}:conv`, window3(2));
  }

  /** Each layer takes ReLU of the sum of all outputs before it in the block, the first of them after its ReLU. */
  block(x: string, prefix: string, isFirst: boolean): string {
    const halved = isFirst ? this.first(x, `${prefix}/conv0`) : this.separable(x, `${prefix}/conv0`, 2);
    let sum = this.add('Relu', [halved], `${prefix}:sum0`);
    let input = sum;
    for (const layer of [1, 2, 3]) {
      sum = this.add('Add', [sum, this.separable(input, `${prefix}/conv${layer}`, 1)], `${prefix}:sum${layer}`);
      input = this.add('Relu', [sum], `${prefix}:out${layer}`);
    }
    return input;
  }
}

/** TF's SAME on an even size: halving, one cell after and none before. */
function window3(stride: 1 | 2): Record<string, Attribute> {
  return { kernel_shape: [3, 3], strides: [stride, stride], pads: stride === 1 ? [1, 1, 1, 1] : [0, 0, 1, 1] };
}

/** Input `image` [N,3,112,112], RGB in 0…255 → `points` [N,68,2], x and y as fractions of the input, which they may leave. */
export function landmarkGraph(weights: QuantisedWeights): OnnxModel {
  const g = new LandmarkWriter('landmark network', weights);
  g.add('Sub', ['image', g.constant('mean', meanRgb, [1, 3, 1, 1])], 'centred');
  let x = g.add('Div', ['centred', g.constant('range', [255], [])], 'normalised');
  for (const block of [0, 1, 2, 3]) x = g.block(x, `dense${block}`, block === 0);
  g.add('GlobalAveragePool', [x], 'pooled');
  g.add('Flatten', ['pooled'], 'flat');
  const { shape, values } = g.weight('fc/weights');
  g.add('Gemm', ['flat', g.bytes('fc/weights', Uint8Array.from(values), shape), g.bias('fc/bias')], 'coordinates');
  g.initializers['points:shape'] = tensor.int64([-1, landmarkCount, 2]);
  g.add('Reshape', ['coordinates', 'points:shape'], 'points');
  const spec: LandmarkSpec = { kind: landmarkKind, sizePx };
  return {
    irVersion: 8,
    opsets: { '': 17 },
    producer: 'mien',
    graphName: landmarkKind,
    nodes: g.nodes,
    initializers: g.initializers,
    inputs: [{ name: 'image', dtype: 'float32', shape: ['N', 3, sizePx, sizePx] }],
    outputs: [{ name: 'points', dtype: 'float32', shape: ['N', landmarkCount, 2] }],
    metadata: { [landmarkKey]: JSON.stringify(spec), licence: 'MIT, Copyright (c) Vladimir Mandic; see face-landmarks.LICENSE.txt' },
  };
}
