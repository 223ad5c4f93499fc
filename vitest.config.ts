import { defineConfig } from 'vitest/config';

// Tests of one package import its source; other packages are taken built (`npm test` builds first).
export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'apps/*/{src,test}/**/*.test.ts', 'tests/**/*.test.ts', 'examples/**/*.test.ts'],
    // Sessions and trainings use both cores of a small machine; more files at once only slow each other.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
