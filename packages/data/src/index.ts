/** @mien/data: from any collection of labelled faces to batches a trainer can use. Node only. */

// Store: one compact directory per data set
export {
  type HistoryEntry,
  type ImageLayout,
  lockedByDefault,
  type Manifest,
  manifestSchema,
  noLabel,
  type StoreSource,
  type StoreSplit,
  storeFormatVersion,
} from './store/manifest.ts';
export { openStore, type Split, type Store } from './store/store.ts';
export type { StoreRow } from './store/split-parts.ts';
export { type RowSet, rowSetsOf, rowsInSets } from './store/row-sets.ts';
export { StoreWriter, type StoreWriterOptions } from './store/writer.ts';
// Import
export { type AffectNetCsvOptions, importAffectNetCsv, importAffectNetFolder } from './import/affect-net.ts';
export { importCkPlus } from './import/ck-plus.ts';
export { type FerCsvOptions, importFerCsv } from './import/fer-csv.ts';
export { ferPlusNames } from './import/fer-votes.ts';
export { type FolderOptions, importFolders } from './import/folders.ts';
export type { ImageImportOptions } from './import/image-files.ts';
export { type ImportDataOptions, importData, numberedForms } from './import/import-data.ts';
export type { LabelMap } from './import/label-map.ts';
export type { LayoutOptions } from './import/layout.ts';
export { importParquet, type ParquetOptions } from './import/parquet.ts';
export { importRafDb } from './import/raf-db.ts';
export type { ImportOptions, ImportProgress, ImportReport } from './import/report.ts';
// Export
export { type ExportForm, exportForms, type ExportOptions, type ExportReport, exportStore } from './export/export-store.ts';
// Doctor
export { type CheckOptions, type CheckResult, checkStore } from './check/check.ts';
export type { GroupCounts } from './check/duplicates.ts';
export type { CheckContext, Finding, Level } from './check/finding.ts';
export { rankSuspects, type Suspect } from './check/label-noise.ts';
export { overlap } from './check/overlap.ts';
export { readProbabilities } from './check/read-probabilities.ts';
export { type ProposalOptions, proposeChanges } from './check/propose.ts';
export { reportPage } from './check/report-html.ts';
export { checkReport } from './check/report-json.ts';
// Pictures of many images
export { contactSheet, type SheetOptions } from './sheet/contact-sheet.ts';
export { type PreviewOptions, previewSheet } from './sheet/preview.ts';
// Cleaning
export { type Action, type Change, formatChanges, type ProposedChange, readChanges } from './clean/changes.ts';
export { type CleanOptions, type CleanReport, cleanStore } from './clean/clean.ts';
export { type UndoOptions, undoCleaning } from './clean/undo.ts';
// Facial landmarks
export { alignStore, type AlignOptions, type AlignReport } from './landmarks/align.ts';
export { findLandmarks, type FindLandmarksOptions, type LandmarkReport } from './landmarks/find-landmarks.ts';
export { pointsOfRow, splitLandmarks, type SplitLandmarks } from './landmarks/split-landmarks.ts';
// Random numbers
export { KeyedRandom, type RandomKey, type Rng, randomFor, shuffle, shuffledIndices } from './random.ts';
// Merging and dividing stores
export type { LabelAssignments, MergeMap } from './merge/label-space.ts';
export { mergeStores, type MergeOptions, type MergeReport } from './merge/merge.ts';
export type { SplitStrategy } from './merge/strategy.ts';
// Splits
export { partition, stratifiedFolds } from './partition.ts';
export { type Holdout, stratifiedHoldout } from './splits.ts';
// Augmentation
export { type AugmentPoints, compilePointAugmentation } from './augment/move-points.ts';
export { type AugmentSample, compileAugmentation, type EvaluationSample, evaluationImage, type Geometry } from './augment/compile.ts';
export { type Augmentation, type AugmentationInput, augmentationSchema, faceAugmentation } from './augment/schema.ts';
// Mixing the images of a batch
export { type BatchGeometry, type Mix, mixBatch, mixSchema } from './augment/mix.ts';
