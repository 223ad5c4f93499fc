/** Which Mien this is. */
import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

/** As `0.1.0`. Workers and the job they join must agree on it: the same picture must give the same row everywhere. */
export const mienVersion: string = version;
