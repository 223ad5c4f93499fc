/**
 * Batches of FixMatch (Sohn et al. 2020, equation 4): N labelled images, then M = μ·N strongly changed views of unlabelled ones, taught
 * the class that the network is sure of in a weak view of the same image. The network answers about the weak views in a run of
 * its own, by its weights of that step; its answer is fed to the step as a target, so that no gradient reaches it.
 *
 * A step's loss is a mean over N + M rows, the method's are one over N and one over M: targets are scaled to make up for it.
 */
import type { Geometry, Split } from '@mien/data';
import type { LiveInference } from '@mien/engine';
import { type BatchSource, type HeadTargets, TrainingBatches } from '../batches.ts';
import type { Stage } from '../recipe-schema.ts';
import type { Consistency } from './semi-schema.ts';

export interface ConsistencyOptions {
  /** Of the labelled rows. */
  readonly labelled: TrainingBatches;
  readonly split: Split;
  /** Rows whose labels are not read. */
  readonly unlabelled: Uint32Array;
  readonly seed: number;
  readonly stage: Pick<Stage, 'batch'>;
  readonly consistency: Consistency;
  readonly geometry: Geometry;
  /** The head that tells the classes apart. */
  readonly head: HeadTargets;
  /** Asked about M images. */
  readonly live: LiveInference;
}

/** How fast the share that is reported forgets. */
const forgetting = 0.05;

export class ConsistencyBatches implements BatchSource {
  readonly #options: ConsistencyOptions;
  readonly #weak: TrainingBatches;
  readonly #strong: TrainingBatches;
  /** Values of one image as batches hold it. */
  readonly #size: number;
  /** Class believed of each of the M images of the step at hand; −1 for none. */
  readonly #believed: Int16Array;
  #share: number | undefined;

  constructor(options: ConsistencyOptions) {
    const { split, unlabelled, seed, stage, consistency, geometry, labelled } = options;
    const batch = consistency.ratio * stage.batch;
    const view = (draws: 'weak' | 'strong'): TrainingBatches =>
      new TrainingBatches({
        split,
        rows: unlabelled,
        seed,
        geometry,
        stage: { batch, augmentation: consistency[draws] },
        batches: labelled.stepsPerEpoch,
        // One order for both views, so that they are of the same rows.
        streams: { order: 'shuffle unlabelled', draws: `augment ${draws}` },
      });
    this.#options = options;
    this.#weak = view('weak');
    this.#strong = view('strong');
    this.#size = geometry.channels * geometry.outHeight * geometry.outWidth;
    this.#believed = new Int16Array(batch).fill(-1);
  }

  get stepsPerEpoch(): number {
    return this.#options.labelled.stepsPerEpoch;
  }

  get acceptedShare(): number | undefined {
    return this.#share;
  }

  /** The labelled rows of a step. */
  rowsOf(epoch: number, step: number): Uint32Array {
    return this.#options.labelled.rowsOf(epoch, step);
  }

  /** Labels of the labelled rows. */
  labelsOf(epoch: number, step: number): Uint8Array {
    return this.#options.labelled.labelsOf(epoch, step);
  }

  /** The unlabelled rows of a step, [M]. */
  unlabelledRowsOf(epoch: number, step: number): Uint32Array {
    return this.#weak.rowsOf(epoch, step);
  }

  /** Writes N + M images, and asks the network about the weak views of the M. */
  async fillImages(epoch: number, step: number, out: Float32Array): Promise<void> {
    const { labelled, stage, live } = this.#options;
    await labelled.fillImages(epoch, step, out);
    await this.#strong.fillImages(epoch, step, out.subarray(stage.batch * this.#size));
    await this.#weak.fillImages(epoch, step, live.images);
    await live.run();
    this.#believe();
  }

  #believe(): void {
    const { live, consistency } = this.#options;
    const { logits, classes } = live;
    let accepted = 0;
    for (let i = 0; i < this.#believed.length; i++) {
      this.#believed[i] = sureClass(logits, i * classes, classes, consistency.threshold);
      if (this.#believed[i]! >= 0) accepted++;
    }
    const share = accepted / this.#believed.length;
    this.#share = this.#share === undefined ? share : this.#share + forgetting * (share - this.#share);
  }

  /** Targets [N + M, K] of the step whose images were filled last; only the head of the classes is taught by unlabelled images. */
  fillTargets(epoch: number, step: number, head: HeadTargets, out: Float32Array): void {
    const { labelled, stage, consistency } = this.#options;
    const { classes } = head;
    const N = stage.batch;
    const M = this.#believed.length;
    labelled.fillTargets(epoch, step, head, out);
    for (let i = 0; i < N * classes; i++) out[i] = (out[i]! * (N + M)) / N;
    out.fill(0, N * classes, (N + M) * classes);
    if (head !== this.#options.head) return;
    const weight = (consistency.weight * (N + M)) / M;
    for (const [i, believed] of this.#believed.entries()) if (believed >= 0) out[(N + i) * classes + believed] = weight;
  }
}

/** The class whose softmax probability is the highest, if that is at least `threshold`; else −1, also where a logit is no number. */
export function sureClass(logits: Float32Array, offset: number, classes: number, threshold: number): number {
  let best = 0;
  for (let k = 1; k < classes; k++) if (logits[offset + k]! > logits[offset + best]!) best = k;
  let total = 0;
  for (let k = 0; k < classes; k++) total += Math.exp(logits[offset + k]! - logits[offset + best]!);
  return 1 / total >= threshold ? best : -1;
}
