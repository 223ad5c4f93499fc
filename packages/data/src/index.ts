/** @mien/data: from any collection of labelled faces to batches a trainer can use. Node only. */

// Store: one compact directory per data set
export { type Manifest, type ImageLayout, manifestSchema, type StoreSource, type StoreSplit, storeFormatVersion } from './store/manifest.ts';
export { openStore, type Split, type Store } from './store/store.ts';
export type { StoreRow } from './store/split-parts.ts';
export { StoreWriter, type StoreWriterOptions } from './store/writer.ts';
// Import
export { type FerCsvOptions, importFerCsv } from './import/fer-csv.ts';
export { type FolderOptions, importFolders } from './import/folders.ts';
export { type ImportDataOptions, importData } from './import/import-data.ts';
export { ferPlusNames } from './import/fer-votes.ts';
export type { LabelMap } from './import/label-map.ts';
export type { ImportOptions, ImportProgress, ImportReport } from './import/report.ts';
// Random numbers
export { KeyedRandom, type RandomKey, type Rng, randomFor, shuffle, shuffledIndices } from './random.ts';
// Splits
export { type Holdout, stratifiedHoldout } from './splits.ts';
// Augmentation
export { type AugmentSample, compileAugmentation, type EvaluationSample, evaluationImage, type Geometry } from './augment/compile.ts';
export { type Augmentation, type AugmentationInput, augmentationSchema, faceAugmentation } from './augment/schema.ts';
