// Gives `benchmarks/browser.mjs` one function: train the small network with one of two engines. The engine is loaded when
// it is asked for, so that neither pays for the other.
const engines = { tfjs: () => import('./tfjs.js'), mien: () => import('./mien.js') };

globalThis.train = async ({ engine, ...request }) => (await engines[engine]()).train(request);
