/** @mien/server: HTTP. Today the studio's files on this machine. */

// The studio
export { createStudioApp, type StudioAppOptions } from './studio/studio-app.ts';
export type { StudioModel } from './studio/model-list.ts';
export { type StartStudioOptions, startStudio } from './studio/start-studio.ts';
// Ports
export { type Listening, parsePort } from './http/listen.ts';
