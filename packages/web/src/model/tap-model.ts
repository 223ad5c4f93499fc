/**
 * Opens a finished network for a look inside: finds its last dense layer and adds outputs to the graph in memory, for the features
 * the layer reads, for class-activation maps (Zhou et al. 2016) and for spatial attention (CBAM, Woo et al. 2018). The file's numbers stay as they are.
 */
import { type OnnxModel, type OnnxNode, tensor, weightOf } from '@mien/onnx';

export const featuresOutput = 'mien.features';
export const activationOutput = 'mien.activation';
export const attentionOutput = 'mien.attention';

/** The last layer: logits = features · weightᵀ + bias. */
export interface Head {
  /** [K,D] row by row. */
  readonly weight: Float32Array;
  /** [K] */
  readonly bias: Float32Array;
  readonly classes: number;
  readonly features: number;
  /** The node whose result the logits are: the layer itself, or what takes this head's rows of a layer several heads share. */
  readonly node: OnnxNode;
  /** The name of what the layer reads, [N,D]. */
  readonly input: string;
}

export interface TappedModel {
  readonly model: OnnxModel;
  /** Which of the extra outputs this network could be given. */
  readonly outputs: readonly string[];
}

/** Nodes that pass values on, at most in another shape. */
const passing = new Set(['Identity', 'Flatten', 'Reshape', 'Squeeze', 'Dropout']);

const producerOf = (model: OnnxModel, name: string): OnnxNode | undefined => model.nodes.find(({ outputs }) => outputs.includes(name));

/** Walks back over nodes that only pass values on. */
function source(model: OnnxModel, name: string): { name: string; node: OnnxNode | undefined } {
  let at = name;
  let node = producerOf(model, at);
  // A file of somebody else's may go round in a circle.
  const passed = new Set<OnnxNode>();
  while (node && passing.has(node.opType) && !passed.has(node)) {
    passed.add(node);
    at = node.inputs[0]!;
    node = producerOf(model, at);
  }
  return { name: at, node };
}

/** Which columns of [N,·] a Slice takes; undefined for another Slice. */
function columnsOf(model: OnnxModel, node: OnnxNode): readonly [from: number, to: number] | undefined {
  const [from, to, axis, step] = node.inputs.slice(1).map((name) => {
    const value = Object.hasOwn(model.initializers, name) ? model.initializers[name] : undefined;
    return value?.dtype === 'int64' && value.data.length === 1 ? Number(value.data[0]) : undefined;
  });
  return axis === 1 && (step ?? 1) === 1 && from !== undefined && to !== undefined && from >= 0 ? [from, to] : undefined;
}

/** The last dense layer of a network, or undefined when it ends in something else. `output` names the logits. */
export function findHead(model: OnnxModel, output: string): Head | undefined {
  const { node } = source(model, output);
  if (!node) return undefined;
  const columns = node.opType === 'Slice' ? columnsOf(model, node) : undefined;
  const dense = columns ? source(model, node.inputs[0]!).node : node;
  if (dense?.opType !== 'Gemm') return undefined;
  const stored = weightOf(model, dense.inputs[1]!);
  if (stored?.shape.length !== 2 || dense.attributes?.transA) return undefined;
  const turned = dense.attributes?.transB === 1;
  const [all, features] = (turned ? stored.shape : [stored.shape[1], stored.shape[0]]) as [number, number];
  const weight = turned ? stored.data : Float32Array.from(stored.data, (_, i) => stored.data[(i % features) * all + Math.floor(i / features)]!);
  const bias = (dense.inputs[2] ? weightOf(model, dense.inputs[2])?.data : undefined) ?? new Float32Array(all);
  const [from, to] = columns ? [columns[0], Math.min(columns[1], all)] : [0, all];
  if (bias.length !== all || from >= to) return undefined;
  return {
    weight: weight.slice(from * features, to * features),
    bias: bias.slice(from, to),
    classes: to - from,
    features,
    node,
    input: dense.inputs[0]!,
  };
}

/** The map whose mean over height and width the head reads, [N,D,h,w]; undefined when there is no such pooling. */
function pooledMap(model: OnnxModel, head: Head): string | undefined {
  const { node } = source(model, head.input);
  return node?.opType === 'GlobalAveragePool' ? node.inputs[0] : undefined;
}

/** The last spatial attention gate, [N,1,h,w]: a sigmoid over a convolution from two maps (mean and maximum over channels) to one. */
function spatialGate(model: OnnxModel): string | undefined {
  const gate = model.nodes.findLast((node) => {
    if (node.opType !== 'Sigmoid') return false;
    const { node: conv } = source(model, node.inputs[0]!);
    const weight = conv?.opType === 'Conv' ? weightOf(model, conv.inputs[1]!) : undefined;
    return weight?.shape[0] === 1 && weight.shape[1] === 2;
  });
  return gate?.outputs[0];
}

/** Adds what outputs the network allows. `output` names the logits. */
export function tapModel(model: OnnxModel, output: string): TappedModel {
  const nodes: OnnxNode[] = [...model.nodes];
  const initializers = { ...model.initializers };
  const ports = [...model.outputs];
  const outputs: string[] = [];
  const add = (name: string, shape: readonly (number | string)[]): void => {
    ports.push({ name, dtype: 'float32', shape });
    outputs.push(name);
  };
  const head = findHead(model, output);
  if (head) {
    nodes.push({ opType: 'Identity', inputs: [head.input], outputs: [featuresOutput] });
    add(featuresOutput, ['N', head.features]);
    const map = pooledMap(model, head);
    if (map) {
      // Map k is Σ_d weight[k,d] · map[d]: a convolution of 1×1 with the head's own weights.
      initializers['mien.head'] = tensor.float32(head.weight, [head.classes, head.features, 1, 1]);
      nodes.push({ opType: 'Conv', inputs: [map, 'mien.head'], outputs: [activationOutput], attributes: { kernel_shape: [1, 1] } });
      add(activationOutput, ['N', head.classes, 'h', 'w']);
    }
  }
  const gate = spatialGate(model);
  if (gate) {
    nodes.push({ opType: 'Identity', inputs: [gate], outputs: [attentionOutput] });
    add(attentionOutput, ['N', 1, 'h', 'w']);
  }
  return { model: { ...model, nodes, initializers, outputs: ports }, outputs };
}

/** The model with another last layer: weight [K,D], bias [K]. Throws `RangeError` when the network has no dense head or D differs. */
export function replaceHead(model: OnnxModel, output: string, weight: Float32Array, bias: Float32Array): OnnxModel {
  const head = findHead(model, output);
  if (!head) throw new RangeError('the network does not end in a dense layer');
  const classes = bias.length;
  if (weight.length !== classes * head.features)
    throw new RangeError(`head: ${classes} classes × ${head.features} features need ${classes * head.features} weights, got ${weight.length}`);
  const named = { weight: 'mien.personal.weight', bias: 'mien.personal.bias' };
  const gemm: OnnxNode = { opType: 'Gemm', inputs: [head.input, named.weight, named.bias], outputs: head.node.outputs, attributes: { transB: 1 } };
  const nodes = model.nodes.map((node) => (node === head.node ? gemm : node));
  const initializers = {
    ...model.initializers,
    [named.weight]: tensor.float32(weight, [classes, head.features]),
    [named.bias]: tensor.float32(bias, [classes]),
  };
  const outputs = model.outputs.map((port) => (port.name === output ? { ...port, shape: ['N', classes] } : port));
  return withoutUnused({ ...model, nodes, initializers, outputs });
}

/** Leaves out what nothing reads any more: the old head's weights and their casts. */
function withoutUnused(model: OnnxModel): OnnxModel {
  const wanted = new Set(model.outputs.map(({ name }) => name));
  const nodes: OnnxNode[] = [];
  // From the end: nodes stand in an order of execution, so readers come after what they read.
  for (const node of model.nodes.toReversed()) {
    if (!node.outputs.some((name) => wanted.has(name))) continue;
    nodes.push(node);
    for (const name of node.inputs) wanted.add(name);
  }
  const initializers = Object.fromEntries(Object.entries(model.initializers).filter(([name]) => wanted.has(name)));
  return { ...model, nodes: nodes.reverse(), initializers };
}
