/** @mien/web: facial expressions live in any page. In a worker, from the page's own origin, nothing sent anywhere. */

// A model, a camera or a picture
export { type Mien, openMien, type OpenMienOptions } from './open-mien.ts';
export type { AskedDevice, DeviceChange } from './choose-device.ts';
export { openCamera } from './camera.ts';
export type { CollectOptions, Live, LiveStats, WatchedFrame, WatchOptions } from './live.ts';
export type { MienFace, PictureFace, WebDevice } from './messages.ts';
// Why
export { balanced, type FaceMaps, type MapGrid, stretched, whereItLooked, whyLabel, whyNot } from './explanation.ts';
export { drawHeat, heatOf } from './draw-heat.ts';
// One's own
export type { PersonalResult } from './personal/personal-result.ts';
// As an element: <mien-live>
export { defineMienLive, type MienLiveElement } from './mien-live.ts';
// What else it speaks of
export type { SmoothingOptions } from '@mien/live';
export type { Box, ModelCard } from '@mien/runtime';
export { UserError } from '@mien/runtime';
