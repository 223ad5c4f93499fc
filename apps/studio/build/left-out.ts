/** Code that libraries carry along and the studio never runs, by what it is missing for. */
import type { Plugin } from 'vite';

const leftOut: readonly { readonly module: RegExp; readonly instead: string }[] = [
  // @mien/web trains personal models in the tab; the studio has no page for that.
  { module: /\/personal\/personal-model\.js$/, instead: "export function makePersonalModel() { throw new Error('the studio is built without personal models'); }" },
  // zod writes JSON schemas; the studio only checks model cards.
  {
    module: /\/zod\/v4\/core\/to-json-schema\.js$/,
    instead: 'export const createToJSONSchemaMethod = () => undefined; export const createStandardJSONSchemaMethod = () => undefined;',
  },
  { module: /\/zod\/v4\/core\/json-schema-processors\.js$/, instead: 'export {};' },
];

/** Empties those modules: a quarter of our download. */
export function leaveOut(): Plugin {
  return {
    name: 'mien-leave-out',
    apply: 'build',
    enforce: 'pre',
    load: (id) => leftOut.find(({ module }) => module.test(id))?.instead ?? null,
  };
}
