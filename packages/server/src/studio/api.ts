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

/** `GET /api/labelling`; null when the studio was opened without a store. */
export interface LabelOverview {
  readonly store: string;
  readonly labels: readonly string[];
  /** Of every image: planar [C,H,W], a byte a sample. */
  readonly image: { readonly channels: number; readonly height: number; readonly width: number };
  /** Rows that can be labelled: those of locked test splits are left out. */
  readonly rows: number;
  readonly decided: number;
  readonly relabelled: number;
  readonly dropped: number;
  /** The csv of decisions, which `mien data clean` applies. */
  readonly journal: string;
  /** Rows the model has judged so far. */
  readonly judged: number;
  /** Why the model does not judge these rows. */
  readonly judgingFailed?: string | undefined;
}

/** A row to label. */
export interface LabelRow {
  readonly id: number;
  readonly split: string;
  readonly label: string;
  /** What the model says, once it has judged the row. */
  readonly guess?: string;
  /** Probability of the guess, 0…1. */
  readonly confidence?: number;
}

/** `POST /api/labelling/decisions` */
export type LabelDecision =
  | { readonly id: number; readonly action: 'keep' | 'drop' }
  | { readonly id: number; readonly action: 'relabel'; readonly to: string };

/** `GET /api/runs`: trainings in a folder; null when the studio was opened without one. */
export interface RunList {
  readonly dir: string;
  readonly runs: readonly TrainingRun[];
}

export interface RunEpoch {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  readonly best: boolean;
}

export interface TrainingRun {
  readonly name: string;
  /** ISO 8601, of the last line of its log; null for a run that has said nothing yet. */
  readonly lastHeard: string | null;
  readonly state: 'running' | 'done' | 'stopped' | 'diverged';
  readonly epochs: readonly RunEpoch[];
  /** Epochs planned. */
  readonly plannedEpochs: number | null;
  /** Where it stands within the epoch. */
  readonly step: {
    readonly epoch: number;
    readonly step: number;
    readonly stepsPerEpoch: number;
    readonly imagesPerSecond: number;
    readonly secondsLeft: number;
  } | null;
}
