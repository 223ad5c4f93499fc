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
  /** The one for cameras and films; null when `models` is empty. */
  readonly live: string | null;
  readonly models: readonly ListedModel[];
}

/** `GET /api/runtime`: what recognition needs beside a model. */
export interface RuntimeFiles {
  readonly detector: Download;
  /** The lighter one, which follows a face from frame to frame. */
  readonly liveDetector: Download;
  /** The landmark network, for models that ask for a face's points. */
  readonly landmarks: Download;
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
  /** Rows not decided yet whose label the model does not share. */
  readonly disagreements: number;
  /** Why the model does not judge these rows. */
  readonly judgingFailed?: string | undefined;
}

/** A row to label. */
export interface LabelRow {
  readonly id: number;
  readonly split: string;
  /** None for a row that came without. */
  readonly label?: string;
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
  /** How trainings are started from the page; null when they cannot be. */
  readonly start: {
    readonly recipes: readonly string[];
    /** The store that the studio was opened with. */
    readonly data: string | null;
  } | null;
  /** Trainings started from the page that ended with an error, the latest first. */
  readonly failures: readonly { readonly name: string; readonly message: string }[];
}

/** `POST /api/runs`: a training to start, in a folder called `name` among the runs. */
export interface RunStart {
  readonly recipe: string;
  readonly name: string;
  /** Folder of the store. */
  readonly data: string;
  /** Instead of what the recipe says. */
  readonly epochs?: number | undefined;
}

/** `GET /api/runs/NAME/judgement`: what the best model so far makes of the rows it was chosen on; asking begins it. */
export type RunJudgement =
  /** Why there is none. */
  | { readonly state: 'none'; readonly code: string; readonly reason: string }
  | { readonly state: 'judging'; readonly done: number; readonly total: number }
  | {
      readonly state: 'done';
      /** The rows in words. */
      readonly on: string;
      readonly labels: readonly string[];
      /** [K][K]: rows by their label, columns by what the model says. */
      readonly confusion: readonly (readonly number[])[];
      /** The surest first; of each cell of `confusion` some. */
      readonly mistakes: readonly RunMistake[];
      readonly image: LabelOverview['image'];
      /** The training has found a better model since. */
      readonly outdated: boolean;
    };

export interface RunMistake {
  readonly row: number;
  readonly label: string;
  readonly guess: string;
  /** Probability of the guess, 0…1. */
  readonly confidence: number;
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
  /** `interrupted`: it was going on, and its process is gone. */
  readonly state: 'running' | 'interrupted' | 'done' | 'stopped' | 'diverged';
  /** It was started from the page and can be stopped there. */
  readonly ours: boolean;
  /** It can be gone on with from the page. */
  readonly resumable: boolean;
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
