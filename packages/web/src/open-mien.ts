/** The front door: a model, a worker, and what a page can ask of them. */
import type { ModelCard } from '@mien/runtime';
import { UserError } from '@mien/runtime';
import { type AskedDevice, chooseDevice, type DeviceChange } from './choose-device.ts';
import { Live, type WatchOptions } from './live.ts';
import type { OpenTask, PictureFace, Recordings, WebDevice } from './messages.ts';
import type { PersonalResult } from './personal/personal-result.ts';
import { WorkerClient } from './worker-client.ts';

export interface OpenMienOptions {
  /** An expression model exported by Mien: its address or its bytes. */
  readonly model: string | URL | ArrayBuffer | Uint8Array;
  /**
   * The folder with `face-detector-light.onnx`, ONNX Runtime's `.wasm` and `.mjs` files, and `face-landmarks.onnx` for models that
   * ask for a face's points, as the package's `dist/bundle` has them.
   * Default: where this script lies. Everything is fetched from there and from `model`, from nowhere else.
   */
  readonly assets?: string | URL;
  /** The face detector's address, if it lies elsewhere. */
  readonly detector?: string | URL;
  /** The landmark network's address, if it lies elsewhere. */
  readonly landmarks?: string | URL;
  /** The folder of ONNX Runtime's files, if they lie elsewhere. */
  readonly wasmPaths?: string | URL;
  /**
   * `auto` (default): WebGPU where the browser has a real one, else WebAssembly; `Mien.device` says which it became. A device named here is
   * never replaced by another.
   */
  readonly device?: AskedDevice;
  /**
   * With `auto`: WebGPU could not run the networks or was lost, and WebAssembly has taken over. Watches go on, with new ids and without
   * resting-face corrections; recordings are kept. Without it the change goes to the console.
   */
  readonly onDeviceChange?: (change: DeviceChange) => void;
  /** Threads of WebAssembly; default: one less than there are cores, 4 at most, when the page is cross-origin isolated, else 1. */
  readonly threads?: number;
}

export interface Mien {
  readonly card: ModelCard;
  readonly device: WebDevice;
  readonly threads: number;
  /**
   * Looks at a video element or a camera's stream until `stop`. The page must have asked the person before it opens a camera, and must
   * show that the camera is on.
   */
  watch(source: HTMLVideoElement | MediaStream, options: WatchOptions): Live;
  /**
   * The faces of one picture (an image element, a file, a canvas …), from left to right; with their `maps` when asked for. Throws
   * `UserError` `unreadable-image`.
   */
  recognise(picture: ImageBitmapSource, options?: { readonly maps?: boolean }): Promise<readonly PictureFace[]>;
  /**
   * Learns the recorded classes: a new last layer on top of the network, trained in the worker in a second or two. The model in use stays;
   * hand the result's bytes to `useModel` to switch, or save them. Rejects with `UserError` `too-few-recordings` or `no-head`.
   */
  trainPersonal(options?: { readonly name?: string }): Promise<PersonalResult>;
  /** Throws the recordings away, of one class or of all. */
  forgetRecordings(label?: string): Promise<void>;
  /** Changes the model under all watches; faces get new ids, recordings and resting-face corrections are thrown away. */
  useModel(model: OpenMienOptions['model']): Promise<ModelCard>;
  /** Ends the worker and all watches. */
  close(): void;
}

function startWorker(device: WebDevice): Worker {
  // Written out twice: bundlers look for exactly this form.
  return device === 'webgpu'
    ? new Worker(new URL('./worker/worker-webgpu.js', import.meta.url), { type: 'module', name: 'mien' })
    : new Worker(new URL('./worker/worker.js', import.meta.url), { type: 'module', name: 'mien' });
}

function modelOf(model: OpenMienOptions['model']): { model: string | ArrayBuffer; modelName: string } {
  if (model instanceof ArrayBuffer) return { model: model.slice(0), modelName: 'the model' };
  if (model instanceof Uint8Array) return { model: model.slice().buffer as ArrayBuffer, modelName: 'the model' };
  const url = new URL(model, globalThis.location.href).href;
  return { model: url, modelName: url };
}

/** The video element of a stream; never part of the page. */
function elementOf(stream: MediaStream): HTMLVideoElement {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.srcObject = stream;
  // Refused only when the stream has ended, which the watch tells.
  video.play().catch(() => {});
  return video;
}

/** How a worker was opened, and what to do when its device goes away. */
interface Opening {
  readonly task: OpenTask;
  readonly mayChange: boolean;
  readonly tell: (change: DeviceChange) => void;
}

class WorkerMien implements Mien {
  card: ModelCard;
  device: WebDevice;
  threads: number;
  #client: WorkerClient;
  readonly #opening: Opening;
  /** The model in use, to open it again. */
  #model: Pick<OpenTask, 'model' | 'modelName'>;
  readonly #lives = new Set<Live>();
  #streams = 0;

  constructor(client: WorkerClient, opened: { readonly card: ModelCard; readonly threads: number }, opening: Opening) {
    this.#client = client;
    this.card = opened.card;
    this.threads = opened.threads;
    this.device = opening.task.device;
    this.#opening = opening;
    this.#model = opening.task;
    client.onDeviceLost = (reason, recordings) => this.#loseDevice(reason, recordings);
  }

  watch(source: HTMLVideoElement | MediaStream, options: WatchOptions): Live {
    const own = source instanceof MediaStream;
    const video = own ? elementOf(source) : source;
    const stream = ++this.#streams;
    const live = new Live(this.#client, stream, video, options, () => {
      this.#lives.delete(live);
      if (own) video.srcObject = null;
    });
    this.#lives.add(live);
    return live;
  }

  async recognise(picture: ImageBitmapSource, { maps = false } = {}): Promise<readonly PictureFace[]> {
    let bitmap: ImageBitmap;
    try {
      bitmap = await createImageBitmap(picture);
    } catch (cause) {
      throw new UserError('unreadable-image', `expected a picture, but the browser cannot decode it (${(cause as Error).message})`, { cause });
    }
    return this.#client.run({ kind: 'picture', picture: bitmap, maps }, { transfer: [bitmap] });
  }

  async trainPersonal({ name = `${this.card.name}-personal` } = {}): Promise<PersonalResult> {
    return this.#client.run({ kind: 'train', name });
  }

  async forgetRecordings(label?: string): Promise<void> {
    await this.#client.run({ kind: 'forget-recordings', label });
  }

  async useModel(model: OpenMienOptions['model']): Promise<ModelCard> {
    const next = modelOf(model);
    ({ card: this.card } = await this.#client.run({ kind: 'use', ...next }));
    this.#model = next;
    return this.card;
  }

  close(): void {
    this.#client.close();
  }

  /** Goes on in a new worker with WebAssembly: the old one's runtime may hang in a call that never comes back. */
  #loseDevice(reason: UserError, recordings: Recordings): void {
    const { task, mayChange, tell } = this.#opening;
    if (!mayChange) {
      this.#client.close(new UserError(reason.code, `${reason.message}; open Mien again, or leave \`device\` out`));
      return;
    }
    const old = this.#client;
    const { model, modelName } = this.#model;
    this.#client = new WorkerClient(startWorker('wasm'));
    const opening = this.#client.run({ ...task, model, modelName, device: 'wasm', recordings });
    for (const live of this.#lives) live.moveTo(this.#client);
    old.close(reason);
    opening.then(
      ({ threads }) => {
        this.device = 'wasm';
        this.threads = threads;
        tell({ device: 'wasm', reason });
      },
      (error: UserError) => this.#client.close(error),
    );
  }
}

/** The change of device, where the page did not ask to be told. */
function warn({ reason }: DeviceChange): void {
  console.warn(`Mien goes on with WebAssembly: ${reason.message}`);
}

/** Errors that have nothing to do with the device. */
const sameOnEveryDevice = new Set(['unreachable', 'no-card', 'bad-card', 'newer-card']);

/**
 * Loads a model into a worker. Throws `UserError`: `unreachable` (a file is not there), `no-card`, `bad-model`, `bad-detector`,
 * `webgpu-missing`, `webgpu-failed`, `worker-crashed`.
 */
export async function openMien(options: OpenMienOptions): Promise<Mien> {
  const { model, assets, detector, landmarks, wasmPaths, device: asked = 'auto', threads = 0, onDeviceChange = warn } = options;
  const page = globalThis.location.href;
  // Not `new URL(…, import.meta.url)`: a bundler would take the folder for a file to include.
  const script = import.meta.url;
  const folder = new URL(assets ? `${new URL(assets, page).href.replace(/\/?$/, '/')}` : './', assets ? page : script);
  const chosen = await chooseDevice(asked);
  const open = async (device: WebDevice): Promise<WorkerMien> => {
    const task: OpenTask = {
      kind: 'open',
      ...modelOf(model),
      detector: detector ? new URL(detector, page).href : new URL('face-detector-light.onnx', folder).href,
      landmarks: landmarks ? new URL(landmarks, page).href : new URL('face-landmarks.onnx', folder).href,
      wasmPaths: wasmPaths ? new URL(wasmPaths, page).href.replace(/\/?$/, '/') : folder.href,
      device,
      threads,
    };
    const client = new WorkerClient(startWorker(device));
    try {
      return new WorkerMien(client, await client.run(task), { task, mayChange: asked === 'auto', tell: onDeviceChange });
    } catch (error) {
      client.close();
      throw error;
    }
  };
  try {
    return await open(chosen);
  } catch (error) {
    if (asked !== 'auto' || chosen === 'wasm' || sameOnEveryDevice.has((error as UserError).code)) throw error;
    const mien = await open('wasm');
    onDeviceChange({ device: 'wasm', reason: new UserError('webgpu-failed', `WebGPU cannot run this model (${(error as Error).message})`, { cause: error }) });
    return mien;
  }
}
