/**
 * The network as it stands within a training, asked without being taught: an inference graph that reads the very arrays the
 * step trains, so that no weight is copied and no gradient can flow. Norms use their moving statistics and nothing is
 * dropped, as in the exported model.
 */
import { type CreateSession, type Session, type Shape, sizeOf, type TensorValue } from '@mien/onnx';
import type { Kernels } from './kernels/kernels.ts';
import { type AnyNetwork, buildNetwork } from './network.ts';
import type { TrainStep } from './train-step.ts';

export interface LiveInferenceOptions {
  /** The network of the step. */
  readonly network: AnyNetwork;
  /** [C,H,W]. */
  readonly input: Shape;
  /** Images asked about at once, M. */
  readonly batch: number;
  /** Output to read; default: the main one. */
  readonly head?: string;
  /** Those of the step: weights are read in the order it keeps them in. */
  readonly kernels: Kernels;
  readonly createSession: CreateSession;
  readonly threads?: number;
}

export class LiveInference {
  /** [M,C,H,W], to be filled before each run. */
  readonly images: Float32Array;
  /** [M,K], valid after a run. */
  readonly logits: Float32Array;
  readonly classes: number;
  readonly #session: Session;
  readonly #run: () => Promise<void>;

  private constructor(session: Session, images: TensorValue, logits: TensorValue, run: () => Promise<void>) {
    this.images = images.data as Float32Array;
    this.logits = logits.data as Float32Array;
    this.classes = logits.shape[1]!;
    this.#session = session;
    this.#run = run;
  }

  /** Builds and opens the graph over the weights of `step`. Throws, naming both sides, where step and network do not belong together. */
  static async create(step: TrainStep, options: LiveInferenceOptions): Promise<LiveInference> {
    const { network, input, batch, kernels, head } = options;
    const { graph, heads, inputs: others, logits: main } = buildNetwork(network, input, { name: 'live', mode: 'infer', batch, kernels });
    const value = head === undefined ? main : heads.get(head);
    if (!value) throw new Error(`there is no head ${head}; the network's are ${[...heads.keys()].join(', ')}`);
    if (others.length > 0)
      throw new Error(`the network reads ${others.map(({ name }) => name).join(', ')} beside its images, which live inference has no place for`);
    graph.output('logits', value);
    const { bytes, inputs } = graph.encodePart(['logits']);
    const images = float32([batch, ...input]);
    const logits = float32(value.shape);
    const { stored, shapes } = step;
    const feeds: Record<string, TensorValue> = {};
    for (const name of inputs) {
      if (name === 'image') {
        feeds[name] = images;
        continue;
      }
      const data = stored.get(name);
      const { storage, shape } = graph.parameters.get(name)!;
      if (!data || sizeOf(shape) !== data.length || storage !== step.storageOf(name))
        throw new Error(`weight ${name} [${shape}], ${storage}: the step has ${data ? `[${shapes.get(name)!}], ${step.storageOf(name)}` : 'none'}`);
      feeds[name] = { dtype: 'float32', shape, data };
    }
    const session = await options.createSession(bytes, options.threads ? { threads: options.threads } : {});
    return new LiveInference(session, images, logits, session.bind(feeds, { logits }));
  }

  /** Logits of what stands in `images`, by the weights as they are now. */
  async run(): Promise<Float32Array> {
    await this.#run();
    return this.logits;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

function float32(shape: Shape): TensorValue & { data: Float32Array } {
  return { dtype: 'float32', shape, data: new Float32Array(sizeOf(shape)) };
}
