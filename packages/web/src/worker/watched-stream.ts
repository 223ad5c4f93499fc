/** One camera or video in the worker: its faces over time, and what is gathered about them. */
import { type LiveFace, LiveRecogniser, neutralOffset } from '@mien/live';
import { type Box, cropSquare, type ModelCard, UserError } from '@mien/runtime';
import type { FaceMaps } from '../explanation.ts';
import type { CollectTask, FromWorker, MienFace, TaskResults, WatchTask } from '../messages.ts';
import { activationOutput, attentionOutput, featuresOutput } from '../model/tap-model.ts';
import { Collector, ofOneFace } from './collector.ts';
import { FrameReader } from './frame-pixels.ts';
import type { Opened } from './opened.ts';

type Faces = Omit<Extract<FromWorker, { kind: 'faces' }>, 'kind' | 'stream'>;
type Collected = readonly Parameters<ConstructorParameters<typeof Collector>[0]['onDone']>[0][number][];

export class WatchedStream {
  readonly #task: WatchTask;
  readonly #opened: Opened;
  readonly #reader = new FrameReader();
  #live: LiveRecogniser;
  #collectors: Collector[] = [];

  constructor(task: WatchTask, opened: Opened) {
    this.#task = task;
    this.#opened = opened;
    this.#live = this.#start();
  }

  /** Begins anew with the model that is open now. */
  restart(): void {
    this.#live = this.#start();
  }

  forgetNeutral(): void {
    this.#live.offsets.clear();
  }

  /** Closes the frame. `jumped`: what was known about faces no longer holds. */
  async look(frame: VideoFrame | ImageBitmap, time: number, jumped: boolean): Promise<Faces> {
    const began = performance.now();
    const { image, scale } = await this.#reader.read(frame);
    if (jumped) this.#live = this.#continued();
    const faces = await this.#live.next(image, time);
    for (const collector of this.#collectors) collector.add(faces, time);
    this.#collectors = this.#collectors.filter(({ done }) => !done);
    return {
      time,
      width: Math.round(image.width * scale),
      height: Math.round(image.height * scale),
      faces: faces.map((face) => this.#shown(face, scale)),
      workMs: performance.now() - began,
    };
  }

  /** Features of one face for some seconds of frames' time. Rejects with `UserError` `no-head`. */
  async record(task: CollectTask, report: (done: number, total: number) => void): Promise<Float32Array[]> {
    const frames = await this.#collect(task, report);
    const features = frames.flatMap(({ recognition }) => recognition.extra?.[featuresOutput]?.data ?? []);
    if (frames.length > 0 && features.length === 0)
      throw new UserError('no-head', `${this.#card.name}: its network does not end in a dense layer, so nothing can be learnt on top of it`);
    return features;
  }

  /** Corrects the resting face of one person. Rejects with `UserError` `no-neutral` or `too-few-frames`. */
  async correctNeutral(task: CollectTask, report: (done: number, total: number) => void): Promise<TaskResults['neutral']> {
    const { labels, output, name } = this.#card;
    const neutral = labels.indexOf('neutral');
    if (neutral < 0) throw new UserError('no-neutral', `${name}: it has no class neutral (${labels.join(', ')}), so there is nothing to correct towards`);
    const frames = ofOneFace(await this.#collect(task, report));
    const offset = neutralOffset(
      frames.map(({ recognition }) => recognition.logits),
      output.temperature,
      neutral,
    );
    this.#live.offsets.set(frames.at(-1)!.face, offset);
    return { frames: frames.length, offset };
  }

  get #card(): ModelCard {
    return this.#opened.model.recogniser.card;
  }

  #start(): LiveRecogniser {
    const { detector, model } = this.#opened;
    const { smoothing } = this.#task;
    return new LiveRecogniser({ recogniser: model.recogniser, detector, ...(smoothing ? { smoothing } : {}) });
  }

  /** After a jump nobody is known any more, but a correction for everyone stays. */
  #continued(): LiveRecogniser {
    const next = this.#start();
    const everyone = this.#live.offsets.get('everyone');
    if (everyone) next.offsets.set('everyone', everyone);
    return next;
  }

  #collect({ seconds, face }: CollectTask, onProgress: (done: number, total: number) => void): Promise<Collected> {
    return new Promise((onDone) => {
      this.#collectors.push(new Collector({ seconds, face, onProgress, onDone }));
    });
  }

  #shown(face: LiveFace, scale: number): MienFace {
    const { id, box, detection, expression, probabilities, unsure, unseenSeconds } = face;
    const shown = { id, box: scaled(box, scale), detection, expression, probabilities, unsure, unseenSeconds };
    return this.#task.maps ? { ...shown, ...this.#mapsOf(face, scale) } : shown;
  }

  #mapsOf({ box, frame }: LiveFace, scale: number): { maps?: FaceMaps & { square: Box } } {
    const activation = frame?.extra?.[activationOutput];
    const attention = frame?.extra?.[attentionOutput];
    if (!activation && !attention) return {};
    return { maps: { ...(activation ? { activation } : {}), ...(attention ? { attention } : {}), square: this.#seenSquare(box, scale) } };
  }

  /** The square of the frame the network sees for a face: the crop, less what its centre leaves out. */
  #seenSquare(box: Box, scale: number): Box {
    const { crop, resizeTo, input } = this.#card.preprocessing;
    const square = cropSquare(scaled(box, scale), crop);
    const width = (square.width * input.shape[2]) / resizeTo[1];
    const height = (square.height * input.shape[1]) / resizeTo[0];
    return { x: square.x + (square.width - width) / 2, y: square.y + (square.height - height) / 2, width, height };
  }
}

/** A box of a picture that was made smaller, in the frame's own pixels. */
export function scaled({ x, y, width, height }: Box, scale: number): Box {
  return { x: x * scale, y: y * scale, width: width * scale, height: height * scale };
}
