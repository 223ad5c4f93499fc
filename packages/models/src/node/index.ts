/** @mien/models/node: weights fetched and cached. */

export { cacheFolder } from './cache-folder.ts';
export { sha256Of } from './download.ts';
export { defaultEndpoint } from './hub-file.ts';
export { findPulled, planPull, type PullOptions, type PullPlan, pullWeights } from './pull-weights.ts';
