/**
 * BlazeFace (Bazarevsky et al. 2019; MediaPipe's "back camera" weights, Apache-2.0) as an ONNX graph, from the TF.js
 * graph model in the npm package @vladmandic/human. Changed: NCHW, an input of any size of whole strides instead of
 * 256×256, the two levels joined, scores in (0,1).
 */
import { type Attribute, type OnnxModel, type OnnxNode, type TensorValue, tensor } from '@mien/onnx';
import { type BlazefaceSpec, blazefaceKind, valuesPerAnchor } from '../detector/blazeface-spec.ts';
import { detectorKey } from '../detector/detector-metadata.ts';
import { decodeText, type TfGraph, type TfNode } from './tf-graph-model.ts';

/** Anchors in each cell of the two levels; BlazeFace gives an anchor no size of its own. */
const levels: BlazefaceSpec['levels'] = [
  { stridePx: 16, anchors: 2 },
  { stridePx: 32, anchors: 6 },
];

class TfToOnnx {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: Record<string, TensorValue> = {};
  readonly #graph: TfGraph;

  constructor(graph: TfGraph) {
    this.#graph = graph;
  }

  emit(opType: string, inputs: readonly string[], output: string, attributes: Record<string, Attribute> = {}): void {
    this.nodes.push({ opType, name: output, inputs, outputs: [output], attributes });
  }

  #weight(name: string): { shape: readonly number[]; values: Float32Array | Int32Array } {
    const weight = this.#graph.weights.get(name);
    if (!weight) throw new RangeError(`BlazeFace: the weights lack ${name}`);
    return weight;
  }

  /** Filters [kernel, kernel, in, out] as [out, in, kernel, kernel]; a depthwise layer's [kernel, kernel, C, 1] as [C, 1, kernel, kernel]. */
  #filters(name: string, depthwise: boolean): { name: string; kernel: number; outputs: number } {
    const { shape, values } = this.#weight(name);
    const [kernel, , inner, last] = shape as [number, number, number, number];
    const [outputs, inputs] = depthwise ? [inner, last] : [last, inner];
    const area = kernel * kernel;
    const moved = new Float32Array(values.length);
    let to = 0;
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++)
        for (let k = 0; k < area; k++) moved[to++] = values[depthwise ? (k * outputs + o) * inputs + i : (k * inputs + i) * outputs + o]!;
    }
    this.initializers[name] = tensor.float32(moved, [outputs, inputs, kernel, kernel]);
    return { name, kernel, outputs };
  }

  #convolution(node: TfNode, depthwise: boolean): void {
    const [x, weights, bias] = node.inputs as [string, string, string?];
    const stride = Number(node.attributes.strides?.list?.i?.[1]);
    const filters = this.#filters(weights, depthwise);
    // TF's SAME on the even sizes that whole strides guarantee: an odd cell of padding goes after the picture.
    const padding = decodeText(node.attributes.padding?.s) === 'SAME' ? filters.kernel - stride : 0;
    const before = padding >> 1;
    const after = padding - before;
    const attributes: Record<string, Attribute> = {
      kernel_shape: [filters.kernel, filters.kernel],
      strides: [stride, stride],
      pads: [before, before, after, after],
      ...(depthwise ? { group: filters.outputs } : {}),
    };
    const inputs = [x, filters.name];
    if (bias) {
      this.initializers[bias] = tensor.float32(Float32Array.from(this.#weight(bias).values), [filters.outputs]);
      inputs.push(bias);
    }
    const fused = (node.attributes.fused_ops?.list?.s ?? []).map(decodeText);
    if (fused.some((op) => op !== 'BiasAdd' && op !== 'Relu')) throw new RangeError(`BlazeFace: ${node.name} fuses ${fused}, only BiasAdd and Relu are known`);
    if (fused.includes('Relu')) {
      this.emit('Conv', inputs, `${node.name}:conv`, attributes);
      this.emit('Relu', [`${node.name}:conv`], node.name);
    } else this.emit('Conv', inputs, node.name, attributes);
  }

  /** Paddings [N, H, W, C] × [before, after] as ONNX's list, all befores first, in the order N, C, H, W. */
  #pad(node: TfNode): void {
    const [x, paddings] = node.inputs as [string, string];
    const { values } = this.#weight(paddings);
    const order = [0, 3, 1, 2];
    this.initializers[paddings] = tensor.int64([...order.map((axis) => values[2 * axis]!), ...order.map((axis) => values[2 * axis + 1]!)]);
    this.emit('Pad', [x, paddings], node.name);
  }

  /** A head's map as rows of one anchor each, in the order row, column, anchor. */
  #rows(node: TfNode): void {
    const [x, shape] = node.inputs as [string, string];
    this.emit('Transpose', [x], `${node.name}:last`, { perm: [0, 2, 3, 1] });
    this.initializers[shape] = tensor.int64([0, -1, this.#weight(shape).values[2]!]);
    this.emit('Reshape', [`${node.name}:last`, shape], node.name);
  }

  convert(node: TfNode): void {
    if (node.op === '_FusedConv2D') this.#convolution(node, false);
    else if (node.op === 'DepthwiseConv2dNative') this.#convolution(node, true);
    else if (node.op === 'AddV2') this.emit('Add', node.inputs, node.name);
    else if (node.op === 'Relu' || node.op === 'Identity') this.emit(node.op, node.inputs, node.name);
    else if (node.op === 'MaxPool') this.emit('MaxPool', node.inputs, node.name, { kernel_shape: [2, 2], strides: [2, 2] });
    else if (node.op === 'Pad') this.#pad(node);
    else if (node.op === 'Reshape') this.#rows(node);
    else if (node.op !== 'Placeholder') throw new RangeError(`BlazeFace: ${node.name} is ${node.op}, which is not one of its operators`);
  }
}

/**
 * The detector as an ONNX model. Input `input` [N,3,H,W], RGB as v/127.5 − 1, H and W multiples of 32 → `scores`
 * [N,P] in (0,1) and `anchors` [N,P,16], pixels relative to the anchor's centre: box centre x, y, width, height, then
 * six points; P runs over levels, rows, columns, anchors.
 */
export function blazefaceGraph(graph: TfGraph): OnnxModel {
  const g = new TfToOnnx(graph);
  for (const node of graph.nodes) g.convert(node);
  g.emit('Concat', ['Identity', 'Identity_1'], 'logits', { axis: 1 });
  g.initializers['axis:last'] = tensor.int64([2]);
  g.emit('Squeeze', ['logits', 'axis:last'], 'logits:flat');
  g.emit('Sigmoid', ['logits:flat'], 'scores');
  g.emit('Concat', ['Identity_2', 'Identity_3'], 'anchors', { axis: 1 });
  const spec: BlazefaceSpec = { kind: blazefaceKind, levels };
  return {
    irVersion: 8,
    opsets: { '': 17 },
    producer: 'mien',
    graphName: 'blazeface',
    nodes: g.nodes,
    initializers: g.initializers,
    inputs: [{ name: 'input', dtype: 'float32', shape: ['N', 3, 'H', 'W'] }],
    outputs: [
      { name: 'scores', dtype: 'float32', shape: ['N', 'P'] },
      { name: 'anchors', dtype: 'float32', shape: ['N', 'P', valuesPerAnchor] },
    ],
    metadata: { [detectorKey]: JSON.stringify(spec), licence: 'Apache-2.0, Copyright The MediaPipe Authors; see face-detector-light.LICENSE.txt' },
  };
}
