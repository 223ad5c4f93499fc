/** What the server and the studio's page say to each other. Types only: `@mien/server/api` loads nothing. */
import type { ModelCard } from '@mien/runtime';

/** A file the page downloads: its address on the page's own origin, and its size for a progress bar. */
export interface Download {
  readonly url: string;
  readonly bytes: number;
}

export interface ListedModel extends Download {
  readonly name: string;
  readonly card: ModelCard;
}

/** `GET /api/models` */
export interface ModelList {
  /** The model to load first; null when `models` is empty. */
  readonly default: string | null;
  readonly models: readonly ListedModel[];
}

/** `GET /api/runtime`: what recognition needs beside a model. */
export interface RuntimeFiles {
  readonly detector: Download;
  /** The lighter one, which follows a face from frame to frame. */
  readonly liveDetector: Download;
  readonly ort: {
    /** Folder of ONNX Runtime's files, with a slash at the end. */
    readonly baseUrl: string;
    /** The WebAssembly module, the one file of it that takes time to fetch. */
    readonly wasm: Download;
  };
}
