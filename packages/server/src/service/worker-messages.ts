/** What the pool and its worker threads say to each other. */
import type { Box, Face, Image, ModelCard } from '@mien/runtime';

export interface WorkerModel {
  readonly name: string;
  /** For messages; a worker reads no model file, so that one that starts anew opens the same bytes. */
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** `workerData` of a thread. */
export interface WorkerSetup {
  readonly models: readonly WorkerModel[];
  /** Threads inside one operator. */
  readonly threads: number;
  /** Faces in one run of a network. */
  readonly largestBatch: number;
  /** How long a face waits for others that are on their way. */
  readonly longestWaitMs: number;
}

/** A picture: a file's bytes, or pixels as a video gives them. */
export type Picture = { readonly bytes: Uint8Array } | { readonly image: Image };

interface JobBase {
  readonly model: string;
  readonly picture: Picture;
  readonly detect: 'faces' | 'none';
  readonly threshold: number | undefined;
  readonly maxPixels: number;
}

export interface RecogniseJob extends JobBase {
  readonly kind: 'recognise';
}

export interface ExplainJob extends JobBase {
  readonly kind: 'explain';
  /** Which face, counted from the left. */
  readonly face: number;
  readonly label: string | undefined;
  readonly grid: number;
}

export type Job = RecogniseJob | ExplainJob;

/** A face without what does not leave the thread. */
export type PlainFace = Pick<Face, 'box' | 'detection' | 'expression' | 'probabilities'> & {
  /** Only of models whose card says below which probability they are. */
  readonly unsure?: boolean;
};

export interface JobResults {
  readonly recognise: { readonly width: number; readonly height: number; readonly faces: readonly PlainFace[] };
  readonly explain: {
    readonly face: PlainFace;
    readonly label: string;
    readonly grid: number;
    readonly crop: Box;
    readonly map: readonly (readonly number[])[];
  };
}

export interface JobMessage {
  readonly id: number;
  readonly job: Job;
}

/** `leave`: end, after the run of a network that is in progress. */
export type ToWorker = JobMessage | 'leave';

export type FromWorker =
  | { readonly type: 'ready'; readonly cards: Readonly<Record<string, ModelCard>> }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  | { readonly type: 'done'; readonly id: number; readonly result: JobResults[Job['kind']] }
  /** `code` of a refusal, or 'internal'. */
  | { readonly type: 'error'; readonly id: number; readonly code: string; readonly message: string; readonly stack?: string | undefined }
  /** One run of a network over `faces` faces. */
  | { readonly type: 'run'; readonly faces: number };
