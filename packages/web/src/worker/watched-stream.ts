/** One camera or video in the worker: its faces over time, and what is gathered about them. */
import { type LiveFace, LiveRecogniser, neutralOffset } from '@mien/live';
import { type Box, type ModelCard, UserError } from '@mien/runtime';
import type { CollectTask, FromWorker, MienFace, TaskResults, WatchTask } from '../messages.ts';
import { featuresOutput } from '../model/tap-model.ts';
import { Collector, ofOneFace } from './collector.ts';
import { mapsOf } from './face-maps.ts';
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
  /** Resolves when the frame under way is done with. */
  #looking: Promise<void> = Promise.resolve();

  constructor(task: WatchTask, opened: Opened) {
    this.#task = task;
    this.#opened = opened;
    this.#live = this.#start();
  }

  /** Begins anew with the model that is open now; what was being gathered with the other one ends. Resolves when no frame is under way. */
  async restart(): Promise<void> {
    this.#giveUp(new UserError('closed', 'the model was changed meanwhile'));
    this.#live = this.#live.continued({ recogniser: this.#opened.model.recogniser });
    await this.#looking;
  }

  /** Nobody looks any more. */
  stop(): void {
    this.#giveUp(new UserError('closed', 'this watch was stopped'));
  }

  forgetNeutral(): void {
    this.#live.forgetCorrections();
  }

  /** Closes the frame. `jumped`: what was known about faces no longer holds. */
  look(frame: VideoFrame | ImageBitmap, time: number, jumped: boolean): Promise<Faces> {
    const faces = this.#look(frame, time, jumped);
    this.#looking = faces.then(
      () => undefined,
      () => undefined,
    );
    return faces;
  }

  async #look(frame: VideoFrame | ImageBitmap, time: number, jumped: boolean): Promise<Faces> {
    const began = performance.now();
    const { image, scale } = await this.#reader.read(frame);
    if (jumped) this.#live = this.#live.continued();
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
    const frames = ofOneFace(await this.#collect(task, report));
    const features = frames.flatMap(({ recognition }) => recognition.extra?.[featuresOutput]?.data ?? []);
    if (frames.length > 0 && features.length === 0)
      throw new UserError('no-head', `${this.#card.name}: its network does not end in a dense layer, so nothing can be learnt on top of it`);
    return features;
  }

  /** Corrects the resting face of one person. Rejects with `UserError` `no-neutral`, `too-few-frames` or `face-gone`. */
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
    this.#live.correct(frames.at(-1)!.face, offset);
    return { frames: frames.length, offset };
  }

  get #card(): ModelCard {
    return this.#opened.model.recogniser.card;
  }

  #start(): LiveRecogniser {
    const { detector, model } = this.#opened;
    const { smoothing, lastId } = this.#task;
    return new LiveRecogniser({ recogniser: model.recogniser, detector, lastId, ...(smoothing ? { smoothing } : {}) });
  }

  #collect({ seconds, face }: CollectTask, onProgress: (done: number, total: number) => void): Promise<Collected> {
    return new Promise((onDone, onGivenUp) => {
      this.#collectors.push(new Collector({ seconds, face, onProgress, onDone, onGivenUp }));
    });
  }

  #giveUp(reason: UserError): void {
    for (const collector of this.#collectors.splice(0)) collector.giveUp(reason);
  }

  #shown(face: LiveFace, scale: number): MienFace {
    const { id, box, detection, expression, probabilities, unsure, unseenSeconds } = face;
    const shown = { id, box: scaled(box, scale), detection, expression, probabilities, unsure, unseenSeconds };
    const maps = this.#task.maps ? mapsOf(face.frame, shown.box, this.#card) : undefined;
    return maps ? { ...shown, maps } : shown;
  }
}

/** A box of a picture that was made smaller, in the frame's own pixels. */
export function scaled({ x, y, width, height }: Box, scale: number): Box {
  return { x: x * scale, y: y * scale, width: width * scale, height: height * scale };
}
