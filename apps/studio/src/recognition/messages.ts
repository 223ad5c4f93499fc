/** What the page and its recognition worker say to each other. */
import type { Face } from '@mien/runtime';
import type { Download, ListedModel, RuntimeFiles } from '@mien/server/api';

/** A face as the page and its exports know it: without the network's logits. */
export interface RecognisedFace extends Omit<Face, 'logits'> {
  /** The expression is too unlikely to be relied on; the model's card says from where on. */
  readonly unsure: boolean;
}

/** What a picture gave, and who says so: the model may be changed between two pictures. */
export interface PictureFaces {
  /** Its name. */
  readonly model: string;
  readonly faces: readonly RecognisedFace[];
}

/** A picture after decoding, before its faces are known. */
export interface ReadPicture {
  /** Size of the picture, upright, in pixels; the faces' boxes refer to it. */
  readonly width: number;
  readonly height: number;
  /** The picture as it was read, made small for the screen. */
  readonly preview: Blob;
}

export interface LoadTask {
  readonly kind: 'load';
  readonly model: Pick<ListedModel, 'name' | keyof Download>;
  readonly runtime: RuntimeFiles;
}

export interface PictureTask {
  readonly kind: 'picture';
  readonly picture: Blob;
  /** Take the picture itself for a face, instead of looking for faces in it. */
  readonly wholeImage: boolean;
}

export type Task = LoadTask | PictureTask;

/** What a task gives in the end. */
export interface TaskResults {
  load: null;
  picture: PictureFaces;
}

export type Progress =
  | { readonly stage: 'downloading'; readonly loadedBytes: number; readonly totalBytes: number }
  | { readonly stage: 'starting' }
  | { readonly stage: 'reading' }
  | { readonly stage: 'finding'; readonly read: ReadPicture };

export interface TaskMessage {
  readonly id: number;
  readonly task: Task;
}

export type WorkerMessage =
  | { readonly id: number; readonly kind: 'progress'; readonly progress: Progress }
  | { readonly id: number; readonly kind: 'done'; readonly result: TaskResults[Task['kind']] }
  | { readonly id: number; readonly kind: 'failed'; readonly code: string; readonly message: string };
