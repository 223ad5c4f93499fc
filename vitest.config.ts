import { configDefaults, defineConfig } from 'vitest/config';

const browser = ['apps/*/test/**/*.browser.test.ts', 'packages/*/test/**/*.browser.test.ts'];

// Tests of one package import its source; other packages are taken built (`npm test` builds first).
export default defineConfig({
  test: {
    // Sessions and trainings use both cores of a small machine; more files at once only slow each other.
    maxWorkers: 2,
    // Generous, because shared machines stall: a test that hangs is found all the same.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          // Files of one worker share its modules: loading ONNX Runtime, sharp and ourselves anew for each took a third of the
          // time. A file that replaces a module resets the modules before and after (disk-full.test.ts).
          isolate: false,
          include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'apps/*/{src,test}/**/*.test.ts', 'tests/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...browser],
        },
      },
      // After the others: a browser, a server and WebAssembly threads want the machine for themselves.
      { extends: true, test: { name: 'browser', include: browser, sequence: { groupOrder: 1 } } },
    ],
  },
});
