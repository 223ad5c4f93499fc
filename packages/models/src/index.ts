/** @mien/models: architectures and their registry. */

export type { Architecture } from './architecture.ts';
export { architectures, findArchitecture } from './registry.ts';
