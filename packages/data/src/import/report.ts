/** What every importer takes and gives back. */
import type { Manifest } from '../store/manifest.ts';
import type { LabelMap } from './label-map.ts';

export interface ImportOptions {
  /** Directory of the new store. */
  out: string;
  /** Replace the store that stands at `out`. */
  force?: boolean | undefined;
  /** Name of the data set, part of every row's identity; by default the name of the csv or folder, or that of the store a Parquet file was. */
  name?: string | undefined;
  /** Labels of the store; by default our seven expressions. */
  labels?: readonly string[] | undefined;
  /** What becomes of classes whose names are not among the labels. */
  map?: LabelMap | undefined;
  /** Whether training must refuse a split; by default `private`, `test`, and those the source says are locked (`wasLocked`). */
  locked?: ((split: string, wasLocked?: boolean) => boolean) | undefined;
  onProgress?: ((progress: ImportProgress) => void) | undefined;
}

export interface ImportProgress {
  /** Rows or images read. */
  rows: number;
  /** Share of the source read, 0…1. */
  fraction: number;
}

export interface ImportReport {
  /** Directory of the store. */
  out: string;
  manifest: Manifest;
  /** Rows left out because the map says `drop`. */
  dropped: number;
  /** Images whose size or colours differ from the store's and were changed. */
  converted: number;
  /** Files of the source that are no images of a class, relative to it. */
  ignored: string[];
}
