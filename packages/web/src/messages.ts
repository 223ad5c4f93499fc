/** What the page and its worker say to each other. */
import type { SmoothingOptions } from '@mien/live';
import type { Box, ModelCard } from '@mien/runtime';
import type { FaceMaps } from './explanation.ts';
import type { PersonalResult } from './personal/personal-result.ts';

/** Where the network runs. */
export type WebDevice = 'wasm' | 'webgpu';

/** A face as the page gets it, in pixels of the frame. */
export interface MienFace {
  /** The same for the same person as long as they stay in view or come back within a second. */
  readonly id: number;
  readonly box: Box;
  /** The detector's score, 0…1. */
  readonly detection: number;
  /** The label shown: changes only when there is good evidence. */
  readonly expression: string;
  /** Smoothed and calibrated, one entry a label of the card, in its order; they sum to 1. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** `expression` is too unlikely to rely on: show "not sure". */
  readonly unsure: boolean;
  /** Seconds since the face was last seen; above 0 the rest is what was known. */
  readonly unseenSeconds: number;
  /** Maps of this frame, and the square of the frame they cover; only when asked for, and only in frames where the face was looked at. */
  readonly maps?: FaceMaps & { readonly square: Box };
}

/** Features [D] of recorded frames by class, in the order they were recorded. */
export type Recordings = ReadonlyMap<string, readonly Float32Array[]>;

export interface OpenTask {
  readonly kind: 'open';
  /** An address or the bytes of the file. */
  readonly model: string | ArrayBuffer;
  readonly modelName: string;
  readonly detector: string;
  /** Fetched only for a model that asks for a face's points. */
  readonly landmarks: string;
  readonly wasmPaths: string;
  readonly device: WebDevice;
  /** 0: as many as help. */
  readonly threads: number;
  /** What another worker had recorded before it lost its graphics device. */
  readonly recordings?: Recordings;
}

export interface WatchTask {
  readonly kind: 'watch';
  readonly stream: number;
  readonly smoothing: SmoothingOptions | undefined;
  readonly maps: boolean;
  /** Ids begin after this one: those before were given by another worker. */
  readonly lastId: number;
}

export interface PictureTask {
  readonly kind: 'picture';
  readonly picture: ImageBitmap;
  readonly maps: boolean;
}

/** Collects what follows about one face of a stream for some seconds, counted in frames' time. */
export interface CollectTask {
  readonly kind: 'neutral' | 'record';
  readonly stream: number;
  readonly seconds: number;
  /** For `record`: the class shown meanwhile. For `neutral`: empty. */
  readonly label: string;
  /** The face's id; default: the largest face. */
  readonly face: number | undefined;
}

export interface ForgetTask {
  readonly kind: 'forget-neutral';
  readonly stream: number;
}

export interface ForgetRecordingsTask {
  readonly kind: 'forget-recordings';
  /** A class; default: all of them. */
  readonly label?: string | undefined;
}

export interface TrainTask {
  readonly kind: 'train';
  readonly name: string;
}

export interface UseTask {
  readonly kind: 'use';
  readonly model: string | ArrayBuffer;
  readonly modelName: string;
}

export type Task = OpenTask | WatchTask | PictureTask | CollectTask | ForgetTask | ForgetRecordingsTask | TrainTask | UseTask;

/** What each task gives in the end. */
export interface TaskResults {
  open: { readonly card: ModelCard; readonly threads: number };
  watch: null;
  picture: readonly PictureFace[];
  neutral: { readonly frames: number; readonly offset: Float64Array };
  record: { readonly frames: number };
  'forget-neutral': null;
  'forget-recordings': null;
  train: PersonalResult;
  use: { readonly card: ModelCard };
}

/** A face of a single picture: nothing to smooth, no id. */
export type PictureFace = Omit<MienFace, 'id' | 'unseenSeconds'>;

export type ToWorker =
  | { readonly kind: 'task'; readonly id: number; readonly task: Task }
  /** A frame, handed over; `time` in seconds grows within a stream, `restart` after a jump. */
  | { readonly kind: 'frame'; readonly stream: number; readonly frame: VideoFrame | ImageBitmap; readonly time: number; readonly restart: boolean }
  | { readonly kind: 'unwatch'; readonly stream: number };

export type FromWorker =
  /** The worker's script runs and takes tasks. */
  | { readonly kind: 'ready' }
  /** The graphics device is gone, and the worker's networks with it; here is what it had recorded. */
  | { readonly kind: 'device-lost'; readonly message: string; readonly recordings: Recordings }
  | { readonly kind: 'done'; readonly id: number; readonly result: TaskResults[Task['kind']] }
  | { readonly kind: 'failed'; readonly id: number; readonly code: string; readonly message: string }
  | { readonly kind: 'progress'; readonly id: number; readonly done: number; readonly total: number }
  | {
      readonly kind: 'faces';
      readonly stream: number;
      readonly time: number;
      readonly width: number;
      readonly height: number;
      readonly faces: readonly MienFace[];
      readonly workMs: number;
    }
  | { readonly kind: 'frame-failed'; readonly stream: number; readonly code: string; readonly message: string };
