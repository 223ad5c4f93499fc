/** Vite writes the licences of what the page contains, but not of what its worker contains. This writes those. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/** The folder of the npm package a module belongs to; undefined for our own. */
function packageDir(moduleId: string): string | undefined {
  return /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(moduleId)?.[1];
}

function licenceOf(dir: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as Record<string, string>;
  const file = readdirSync(dir).find((entry) => /^licen[cs]e/i.test(entry));
  return `## ${name} ${version} (${license})\n\n${file ? readFileSync(join(dir, file), 'utf8').trim() : 'The package carries no licence text beside this name.'}\n`;
}

/** Adds `fileName` with the licence of every npm package in the bundle. */
export function workerLicences(fileName: string): Plugin {
  return {
    name: 'mien-worker-licences',
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((output) => (output.type === 'chunk' ? output.moduleIds : []));
      const dirs = new Set(modules.map(packageDir).filter((dir) => dir !== undefined && existsSync(join(dir, 'package.json'))));
      this.emitFile({
        type: 'asset',
        fileName,
        source: [...dirs]
          .sort()
          .map((dir) => licenceOf(dir!))
          .join('\n'),
      });
    },
  };
}
