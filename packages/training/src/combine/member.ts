/** A finished model that takes part in an average: its network, its card, and the heads it has. */
import { type CardHead, headsOfCard } from '@mien/evaluation';
import { decodeModel, type OnnxModel } from '@mien/onnx';
import { type ModelCard, readCard, UserError } from '@mien/runtime';

export interface Member {
  /** For messages. */
  readonly file: string;
  readonly card: ModelCard;
  readonly network: OnnxModel;
  /** The main output first. */
  readonly heads: readonly [CardHead, ...CardHead[]];
}

/** The operator set a combined graph is written in, as every graph of the engine is. */
const opset = 20;

/** Reads a model that is to be combined with others. Throws `UserError` where its graph cannot become a part of another. */
export function readMember(bytes: Uint8Array, file: string): Member {
  const card = readCard(bytes, file);
  const network = decodeModel(bytes);
  const extra = network.inputs.filter(({ name }) => name !== card.preprocessing.input.name);
  if (extra.length > 0) {
    throw new UserError(
      'not-combinable',
      `${file}: takes ${extra.map(({ name }) => name).join(', ')} beside the picture; only models of one input can be averaged`,
    );
  }
  const hidden = network.nodes.find(({ attributes = {} }) => Object.values(attributes).some((value) => typeof value === 'object' && 'encoded' in value));
  if (hidden)
    throw new UserError('not-combinable', `${file}: its ${hidden.opType} node holds a graph of its own, which cannot be combined; export the model anew`);
  const { '': version, ...others } = network.opsets;
  if (version !== opset || Object.keys(others).length > 0) {
    const found = Object.entries(network.opsets).map(([domain, v]) => `${domain || 'ai.onnx'} ${v}`);
    throw new UserError('not-combinable', `${file}: expected a model of operator set ai.onnx ${opset} alone, it uses ${found.join(', ')}; export it anew`);
  }
  return { file, card, network, heads: headsOfCard(card) };
}
