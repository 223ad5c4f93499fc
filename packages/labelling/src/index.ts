/** @mien/labelling: the expressions of a million faces, on one machine or many. */

// A whole job
export { label, type LabelOptions, type LabelProgress } from './label.ts';
export type { JobRequest } from './open-job.ts';
export { type JobOptions, type Manifest, readManifest, type Totals } from './manifest.ts';
export { cancelJob, type CancelOptions } from './cancel.ts';
// Its results
export { queryLabels } from './query.ts';
export type { PlainRow, PlainValue, QueryResult } from './query-rows.ts';
// Workers of the queue
export { openLabelHandler } from './label-handler.ts';
export { work, type WorkOptions } from './work.ts';
// A recogniser of one's own
export type { LabelPayload, LabelWorkerOptions, OpenRecogniser } from './label-handler.ts';
export type { FaceResult, ItemRecogniser, PictureResult, RecogniseContext } from './picture-result.ts';
export { type Item, nameOf, type PictureName } from './items/item.ts';
export { PictureRecogniser, type PictureRecogniserOptions } from './recognise-pictures.ts';
