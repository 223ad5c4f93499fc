/** @mien/server: HTTP. The studio's files on this machine, and recognition as a service. */

// The studio
export { createStudioApp, type StudioAppOptions } from './studio/studio-app.ts';
export type { LabelDecision, LabelOverview, LabelRow, RunJudgement, RunList, RunMistake, RunStart } from './studio/api.ts';
export type { LabelDesk } from './studio/label-desk.ts';
export type { RunDesk } from './studio/run-desk.ts';
export { isRunName } from './studio/training-runs.ts';
export type { StudioModel } from './studio/model-list.ts';
export { type StartStudioOptions, startStudio } from './studio/start-studio.ts';
// The service
export { defaultLimits, type ServiceLimits } from './service/limits.ts';
export { jsonLog, type RequestRecord, type ServiceLog } from './service/request-log.ts';
export { type RunningService, type StartServiceOptions, startService } from './service/start-service.ts';
// Ports
export { type Listening, parsePort } from './http/listen.ts';
