/** Holds the shape of the house: which package may import which, and that the isomorphic parts know nothing of Node. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Every arrow that may exist; `docs/architecture.md` draws the same. */
const mayImport: Record<string, readonly string[]> = {
  onnx: [],
  engine: ['onnx'],
  models: ['engine', 'onnx', 'runtime'],
  runtime: ['onnx'],
  live: ['runtime'],
  web: ['onnx', 'engine', 'runtime', 'live'],
  data: ['onnx', 'runtime'],
  evaluation: ['onnx', 'runtime', 'data'],
  jobs: ['runtime'],
  training: ['onnx', 'engine', 'models', 'runtime', 'data', 'evaluation', 'jobs', 'recipes', 'released-models'],
  server: ['onnx', 'runtime'],
  labelling: ['onnx', 'runtime', 'jobs'],
  studio: ['onnx', 'runtime', 'server', 'live', 'web'],
  cli: ['onnx', 'engine', 'models', 'runtime', 'live', 'jobs', 'labelling', 'data', 'evaluation', 'training', 'server', 'recipes', 'released-models', 'studio'],
};

/** Folders whose code must also run in a browser; `exceptions` are their Node entrances. */
const isomorphic = [
  { dir: 'packages/onnx/src', exceptions: ['node'] },
  { dir: 'packages/engine/src', exceptions: [] },
  { dir: 'packages/models/src', exceptions: ['node'] },
  { dir: 'packages/runtime/src', exceptions: ['node', 'build'] },
  { dir: 'packages/live/src', exceptions: [] },
  { dir: 'packages/web/src', exceptions: [] },
];

function sourceFiles(dir: string): string[] {
  return readdirSync(join(root, dir), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.test(-helper)?\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?<![.\w])(?:from|import)\s*\(?\s*['"]([^'"\s()]+)['"]/g)].map((match) => match[1]!);
}

const packages = Object.keys(mayImport).map((name) => ({ name, dir: name === 'studio' ? 'apps/studio/src' : `packages/${name}/src` }));

describe('architecture', () => {
  it.each(packages)('$name imports only the rooms it may', ({ name, dir }) => {
    const files = sourceFiles(dir);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      for (const specifier of importsOf(file)) {
        const target = /^@mien\/([^/]+)/.exec(specifier)?.[1];
        if (target && target !== name) expect(mayImport[name], `${relative(root, file)} imports ${specifier}`).toContain(target);
      }
    }
  });

  it.each(packages)('$name reaches other packages by name, never by path', ({ dir }) => {
    for (const file of sourceFiles(dir)) {
      for (const specifier of importsOf(file).filter((s) => s.startsWith('.'))) {
        const target = relative(join(root, dir), join(file, '..', specifier));
        expect(target.startsWith('..') && !target.endsWith('package.json'), `${relative(root, file)} imports ${specifier}`).toBe(false);
      }
    }
  });

  it.each(isomorphic)('$dir runs without Node', ({ dir, exceptions }) => {
    for (const file of sourceFiles(dir)) {
      if (exceptions.some((folder) => relative(join(root, dir), file).startsWith(`${folder}/`))) continue;
      for (const specifier of importsOf(file)) {
        expect(specifier, relative(root, file)).not.toMatch(/^node:|^sharp$|^onnxruntime-node$/);
        expect(specifier, relative(root, file)).not.toMatch(/\/node\//);
      }
    }
  });

  it.each(packages)('$name declares what it imports', ({ name, dir }) => {
    const manifest = JSON.parse(readFileSync(join(root, dir, '../package.json'), 'utf8')) as Record<string, Record<string, string> | undefined>;
    const declared = { ...manifest.dependencies, ...(name === 'studio' ? manifest.devDependencies : {}) };
    for (const file of sourceFiles(dir)) {
      for (const specifier of importsOf(file)) {
        if (/^(\.|node:|virtual:)/.test(specifier)) continue;
        const packageName = specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/');
        if (packageName !== manifest.name?.toString()) expect(Object.keys(declared), `${relative(root, file)} imports ${specifier}`).toContain(packageName);
      }
    }
  });
});
