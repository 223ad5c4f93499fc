/** The graph of one training step: forward, the loss of every head, and the gradients of all weights that train. */
import { gradients } from './autodiff.ts';
import type { Value } from './graph.ts';
import { type AnyNetwork, type BuildOptions, type BuiltNetwork, buildNetwork, isTrained, type WeightSpec } from './network.ts';
import { add, scale } from './ops/arithmetic.ts';
import { distillationLoss, softmaxCrossEntropy } from './ops/loss.ts';
import type { Shape } from '@mien/onnx';

export interface HeadOptions {
  readonly classes: number;
  /** Factor of the head's cross entropy in the loss. Default 1. */
  readonly weight?: number;
  /** Learning from the logits of another model as well; they are fed as `teacherOf(head)` before each run. */
  readonly distillation?: {
    /** Softens both distributions (Hinton et al. 2015); 2…5 are usual. */
    readonly temperature: number;
    /** Factor of the divergence in the loss. */
    readonly weight: number;
  };
}

/** A head as the graph has it. */
export interface Head {
  readonly name: string;
  readonly options: HeadOptions;
  readonly logits: Value;
  /** The graph's names of what is fed and read. */
  readonly ports: { readonly targets: string; readonly logits: string; readonly teacher?: string };
}

export interface TrainingGraph extends BuiltNetwork {
  /** The first is the one that `images` → `logits` of a single-headed step means. */
  readonly outputs: readonly Head[];
  readonly trained: readonly WeightSpec[];
}

/** Name of the only head of a network that puts out one value. */
export const onlyHead = 'logits';

/** Pairs what the network puts out with what is asked of it. Throws, naming both sides, where they differ. */
function pairHeads(built: BuiltNetwork, options: Readonly<Record<string, HeadOptions>>): Head[] {
  const asked = Object.keys(options);
  const single = built.heads.size === 1 && asked.length === 1 && built.heads.has(onlyHead);
  const found = single ? new Map([[asked[0]!, built.logits]]) : built.heads;
  if (asked.length !== found.size || asked.some((name) => !found.has(name)))
    throw new Error(`the network puts out ${[...found.keys()].join(', ')}, the training asks for ${asked.join(', ') || 'nothing'}`);
  return asked.map((name) => {
    const logits = found.get(name)!;
    const { classes, distillation } = options[name]!;
    if (logits.shape.length !== 2 || logits.shape[1] !== classes)
      throw new Error(`head ${name}: the network puts out [${logits.shape}], the training has ${classes} classes`);
    const suffix = single ? '' : `:${name}`;
    const ports = { targets: `targets${suffix}`, logits: `logits${suffix}`, ...(distillation ? { teacher: `teacher${suffix}` } : {}) };
    return { name, options: options[name]!, logits, ports };
  });
}

/** weight · cross entropy (+ weight · divergence from the teacher). */
function headLoss({ options, logits, ports }: Head): Value[] {
  const { graph } = logits;
  const weighted = (loss: Value, weight: number): Value => (weight === 1 ? loss : scale(loss, weight));
  const terms = [weighted(softmaxCrossEntropy(logits, graph.input(ports.targets, logits.shape)), options.weight ?? 1)];
  const { distillation } = options;
  if (distillation) {
    const teacher = graph.input(ports.teacher!, logits.shape);
    terms.push(weighted(distillationLoss(logits, teacher, distillation.temperature), distillation.weight));
  }
  return terms;
}

/** Outputs `loss`, `logits…` of each head, `d:NAME` of each trained weight and `batch:NAME` of each moving statistic. */
export function buildTrainingGraph(
  network: AnyNetwork,
  input: Shape,
  heads: Readonly<Record<string, HeadOptions>>,
  options: Omit<BuildOptions, 'mode'>,
): TrainingGraph {
  const built = buildNetwork(network, input, { name: 'training', ...options, mode: 'train' });
  const { graph } = built;
  const outputs = pairHeads(built, heads);
  const loss = outputs.flatMap(headLoss).reduce(add);
  const trained = built.specs.filter(isTrained);
  if (trained.length === 0) throw new Error('nothing to train: every weight of the network is frozen');
  const derivatives = gradients(
    graph,
    loss,
    trained.map((spec) => graph.parameters.get(spec.name)!.value),
  );
  graph.output('loss', loss);
  for (const head of outputs) graph.output(head.ports.logits, head.logits);
  for (const [i, spec] of trained.entries()) graph.output(`d:${spec.name}`, derivatives[i]!);
  for (const update of built.updates) graph.output(`batch:${update.weight}`, update.batchValue);
  return Object.assign(built, { outputs, trained });
}
