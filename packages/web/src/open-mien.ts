/** The front door: a model, a worker, and what a page can ask of them. */
import type { ModelCard } from '@mien/runtime';
import { UserError } from '@mien/runtime';
import { Live, type WatchOptions } from './live.ts';
import type { PictureFace, WebDevice } from './messages.ts';
import type { PersonalResult } from './personal/personal-result.ts';
import { WorkerClient } from './worker-client.ts';

export interface OpenMienOptions {
  /** An expression model exported by Mien: its address or its bytes. */
  readonly model: string | URL | ArrayBuffer | Uint8Array;
  /**
   * The folder with `face-detector-light.onnx` and ONNX Runtime's `.wasm` and `.mjs` files, as the package's `dist/bundle` has them.
   * Default: where this script lies. Everything is fetched from there and from `model`, from nowhere else.
   */
  readonly assets?: string | URL;
  /** The face detector's address, if it lies elsewhere. */
  readonly detector?: string | URL;
  /** The folder of ONNX Runtime's files, if they lie elsewhere. */
  readonly wasmPaths?: string | URL;
  /** `auto` (default): WebGPU where the browser has a real one, else WebAssembly; `Mien.device` says which it became. */
  readonly device?: 'auto' | WebDevice;
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
  /** The faces of one picture, from left to right. Throws `UserError` `unreadable-image`. */
  recognise(picture: ImageBitmapSource): Promise<readonly PictureFace[]>;
  /**
   * Learns the recorded classes: a new last layer on top of the network, trained in the worker in a second or two. The model in use stays;
   * hand the result's bytes to `useModel` to switch, or save them. Rejects with `UserError` `too-few-recordings` or `no-head`.
   */
  trainPersonal(options?: { readonly name?: string }): Promise<PersonalResult>;
  /** Throws the recordings away. */
  forgetRecordings(): Promise<void>;
  /** Changes the model under all watches; faces get new ids, recordings are thrown away. */
  useModel(model: OpenMienOptions['model']): Promise<ModelCard>;
  /** Ends the worker and all watches. */
  close(): void;
}

async function chooseDevice(asked: OpenMienOptions['device'] = 'auto'): Promise<WebDevice> {
  if (asked === 'wasm') return 'wasm';
  const gpu = (globalThis.navigator as { gpu?: { requestAdapter(): Promise<{ info?: { isFallbackAdapter?: boolean } } | null> } }).gpu;
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (asked === 'webgpu' && !adapter) throw new UserError('webgpu-missing', "this browser has no WebGPU; leave `device` out, or say device: 'wasm'");
  // A software adapter is slower than WebAssembly.
  return adapter && (asked === 'webgpu' || !adapter.info?.isFallbackAdapter) ? 'webgpu' : 'wasm';
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
  // Refused only when the stream has ended, which the watch tells by itself.
  video.play().catch(() => {});
  return video;
}

class WorkerMien implements Mien {
  card: ModelCard;
  readonly device: WebDevice;
  readonly threads: number;
  readonly #client: WorkerClient;
  #streams = 0;

  constructor(client: WorkerClient, card: ModelCard, device: WebDevice, threads: number) {
    this.#client = client;
    this.card = card;
    this.device = device;
    this.threads = threads;
  }

  watch(source: HTMLVideoElement | MediaStream, options: WatchOptions): Live {
    const own = source instanceof MediaStream;
    const video = own ? elementOf(source) : source;
    const stream = ++this.#streams;
    const live = new Live(this.#client, stream, video, options, () => {
      if (own) video.srcObject = null;
    });
    const { smoothing, maps = false } = options;
    this.#client.run({ kind: 'watch', stream, smoothing, maps }).catch(() => {
      // The worker is gone, which the watch hears as well.
    });
    return live;
  }

  async recognise(picture: ImageBitmapSource): Promise<readonly PictureFace[]> {
    let bitmap: ImageBitmap;
    try {
      bitmap = await createImageBitmap(picture);
    } catch (cause) {
      throw new UserError('unreadable-image', `expected a picture, but the browser cannot decode it (${(cause as Error).message})`, { cause });
    }
    return this.#client.run({ kind: 'picture', picture: bitmap }, { transfer: [bitmap] });
  }

  async trainPersonal({ name = `${this.card.name}-personal` } = {}): Promise<PersonalResult> {
    return this.#client.run({ kind: 'train', name });
  }

  async forgetRecordings(): Promise<void> {
    await this.#client.run({ kind: 'forget-recordings', stream: 0 });
  }

  async useModel(model: OpenMienOptions['model']): Promise<ModelCard> {
    ({ card: this.card } = await this.#client.run({ kind: 'use', ...modelOf(model) }));
    return this.card;
  }

  close(): void {
    this.#client.close();
  }
}

/**
 * Loads a model into a worker. Throws `UserError`: `unreachable` (a file is not there), `no-card`, `bad-model`, `bad-detector`,
 * `webgpu-missing`, `worker-crashed`.
 */
export async function openMien({ model, assets, detector, wasmPaths, device: asked, threads = 0 }: OpenMienOptions): Promise<Mien> {
  const page = globalThis.location.href;
  // Not `new URL(…, import.meta.url)`: a bundler would take the folder for a file to include.
  const script = import.meta.url;
  const folder = new URL(assets ? `${new URL(assets, page).href.replace(/\/?$/, '/')}` : './', assets ? page : script);
  const device = await chooseDevice(asked);
  const client = new WorkerClient(startWorker(device));
  try {
    const opened = await client.run({
      kind: 'open',
      ...modelOf(model),
      detector: detector ? new URL(detector, page).href : new URL('face-detector-light.onnx', folder).href,
      wasmPaths: wasmPaths ? new URL(wasmPaths, page).href.replace(/\/?$/, '/') : folder.href,
      device,
      threads,
    });
    return new WorkerMien(client, opened.card, device, opened.threads);
  } catch (error) {
    client.close();
    throw error;
  }
}
