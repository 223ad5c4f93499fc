#!/usr/bin/env node
// Committed in plain JavaScript so that npm can link it before `prepare` has built anything.
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (!existsSync(main)) {
  console.error('mien is not built yet. Run `npm run build` in the project root.');
  process.exit(2);
}
await import(main.href);
