/** Code that libraries carry along and the studio never runs. */
import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

const leftOut: readonly RegExp[] = [
  // zod writes JSON schemas; the studio only checks model cards with it.
  /\/zod\/v4\/core\/(to-json-schema|json-schema-processors|json-schema-generator)\.js$/,
];

/** Keeps the names those modules export, as functions that do nothing, and drops the rest: an eighth of our download. */
export function leaveOut(): Plugin {
  return {
    name: 'mien-leave-out',
    apply: 'build',
    enforce: 'pre',
    load(id) {
      if (!leftOut.some((module) => module.test(id))) return null;
      const names = readFileSync(id, 'utf8').matchAll(/^export (?:async )?(?:const|function|class) (\w+)/gm);
      return Array.from(names, ([, name]) => `export const ${name} = () => undefined;`).join('\n');
    },
  };
}
