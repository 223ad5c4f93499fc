/** A model opened so that one can see what passes through it: its last map, its gate of spatial attention, its logits. */
import { type CreateSession, decodeModel, encodeModel, type OnnxNode, type Session, tensor } from '@mien/onnx';
import { type ModelCard, readCard, refuseLandmarkUse } from '@mien/runtime';
import type { CardHead } from '../card-heads.ts';
import { probabilities } from '../calibration.ts';
import type { OpenSlopes, Slopes } from './slopes.ts';
import { bottlenecks, constantNames, innerValues, tailModel, withOutputs } from './network-cut.ts';

/** Cuts that are looked at, from the output back: the last map lies before pooling and a few dense layers. */
const cutsTried = 24;

/** Nodes through which logits are a linear function of the map, the same for every picture. */
const linearOps = new Set(['GlobalAveragePool', 'ReduceMean', 'Flatten', 'Reshape', 'Squeeze', 'Identity', 'Slice', 'Dropout', 'Cast', 'BatchNormalization']);
/** So are these where all inputs but one are constant: a product of two things that the picture makes is not. */
const linearWithConstant = new Set(['Gemm', 'MatMul', 'Add', 'Sub', 'Mul']);

interface Opened {
  readonly model: Uint8Array;
  readonly file: string;
  readonly createSession: CreateSession;
  readonly threads?: number;
  readonly head: CardHead;
  /** Differentiates what comes after the last map; without it, or where it cannot, slopes are measured by central differences. */
  readonly slopes?: OpenSlopes;
}

/** The last map [C,H,W] of a network, and what comes after it. */
export interface LastMap {
  readonly name: string;
  /** [C,H,W] */
  readonly shape: readonly [number, number, number];
  /** Whether the logits are a linear function of the map: then Grad-CAM is the class-activation map, up to a factor. */
  readonly linear: boolean;
}

/** Nodes whose results have four dimensions without being maps: what attention makes of its heads. */
const rearranging = new Set(['MatMul', 'Reshape', 'Softmax', 'Split', 'Squeeze', 'Transpose', 'Unsqueeze']);

const isMap = (shape: readonly number[]): boolean => shape.length === 4 && shape[2]! * shape[3]! > 1;

/** A value [1,height,width] inside the network. */
export interface Gate {
  readonly name: string;
  readonly height: number;
  readonly width: number;
}

export class LookingGlass {
  readonly card: ModelCard;
  readonly head: CardHead;
  /** Absent in networks without one, as vision transformers. */
  readonly lastMap: LastMap | undefined;
  /** The last gate [1,H,W] of spatial attention (Woo et al. 2018), values 0…1; absent in networks without one. */
  readonly gate: Gate | undefined;
  /** Derivatives of the logits by the last map, where they can be had. */
  readonly slopes: Slopes | undefined;
  readonly #session: Session;
  readonly #tail: Session | undefined;

  private constructor(
    card: ModelCard,
    head: CardHead,
    session: Session,
    tail: Session | undefined,
    lastMap: LastMap | undefined,
    gate: Gate | undefined,
    slopes?: Slopes,
  ) {
    this.card = card;
    this.head = head;
    this.lastMap = lastMap;
    this.gate = gate;
    this.slopes = slopes;
    this.#session = session;
    this.#tail = tail;
  }

  static async open({ model, file, createSession, threads, head, slopes: openSlopes }: Opened): Promise<LookingGlass> {
    const card = readCard(model, file);
    refuseLandmarkUse(card, file, 'an explanation');
    const decoded = decodeModel(model);
    const rearranged = new Set(decoded.nodes.filter(({ opType }) => rearranging.has(opType)).flatMap(({ outputs }) => outputs));
    const cuts = bottlenecks(decoded, head.output)
      .filter(({ name }) => !rearranged.has(name))
      .slice(0, cutsTried);
    const gates = decoded.nodes.filter(({ opType }) => opType === 'Sigmoid').map(({ outputs }) => outputs[0]!);
    const { input } = card.preprocessing;
    const looked = cuts.map(({ name }) => name).filter((name) => name !== input.name);
    const options = threads ? { threads } : {};
    const values = await innerValues(decoded, createSession, input, [...looked, ...gates]);
    const maps = new Map(values.filter(({ shape }) => isMap(shape)).map((value) => [value.name, value]));
    const gateValue = gates.flatMap((name) => maps.get(name) ?? []).findLast(({ shape }) => shape[1] === 1);
    const gate = gateValue && { name: gateValue.name, height: gateValue.shape[2]!, width: gateValue.shape[3]! };
    const cut = cuts.find(({ name }) => maps.has(name));
    const map = cut && maps.get(cut.name);
    const wanted = [...new Set([map, gateValue].filter((value) => value !== undefined))];
    const session = await createSession(encodeModel(withOutputs(decoded, wanted)), options);
    if (!cut || !map) return new LookingGlass(card, head, session, undefined, undefined, gate);
    const { shape } = map;
    const after = tailModel(decoded, cut, shape, head.output);
    const tail = await createSession(encodeModel(after), options);
    const slopes = await openSlopes?.(after, map, head.output);
    const constant = constantNames(decoded);
    const isLinear = ({ opType, inputs }: OnnxNode): boolean => {
      if (opType === 'Div') return constant.has(inputs[1]!);
      return linearOps.has(opType) || (linearWithConstant.has(opType) && inputs.filter((name) => !constant.has(name)).length <= 1);
    };
    const lastMap: LastMap = { name: cut.name, shape: [shape[1]!, shape[2]!, shape[3]!], linear: cut.tail.every(isLinear) };
    return new LookingGlass(card, head, session, tail, lastMap, gate, slopes);
  }

  /** Calibrated probabilities [N,K] of inputs [N,C,H,W]. */
  async probabilities(inputs: Float32Array): Promise<Float32Array> {
    const logits = await this.#run(inputs, this.head.output);
    return probabilities(logits, this.head.labels.length, this.head.temperature);
  }

  /** A value inside the network for one input [C,H,W], without the batch: the last map, the gate. */
  async inside(input: Float32Array, name: string): Promise<Float32Array> {
    return this.#run(input, name);
  }

  /** Logits [N,K] of maps [N,C,H,W] put in the place of the last map. */
  async logitsOfMaps(maps: Float32Array): Promise<Float32Array> {
    const { name, shape } = this.lastMap!;
    const n = maps.length / shape.reduce((a, b) => a * b, 1);
    const outputs = await this.#tail!.run({ [name]: tensor.float32(maps, [n, ...shape]) }, [this.head.output]);
    return (outputs[this.head.output]!.data as Float32Array).slice();
  }

  async #run(inputs: Float32Array, name: string): Promise<Float32Array> {
    const { input } = this.card.preprocessing;
    const n = inputs.length / input.shape.reduce((a, b) => a * b, 1);
    const outputs = await this.#session.run({ [input.name]: tensor.float32(inputs, [n, ...input.shape]) }, [name]);
    // A copy: ONNX Runtime may use the memory again.
    return (outputs[name]!.data as Float32Array).slice();
  }

  async release(): Promise<void> {
    await this.#session.release();
    await this.#tail?.release();
    await this.slopes?.release();
  }
}
