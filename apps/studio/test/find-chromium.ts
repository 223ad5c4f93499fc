/** The browser that tests drive. */
import { existsSync } from 'node:fs';

export const howToGetChromium = 'Chromium was not found: `apt-get install chromium`, or set CHROMIUM to its path.';

const usualPaths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

/** The path in CHROMIUM, or where systems put it; undefined when there is none. Throws when CHROMIUM names no file. */
export function findChromium(): string | undefined {
  const named = process.env.CHROMIUM;
  if (!named) return usualPaths.find((path) => existsSync(path));
  if (!existsSync(named)) throw new Error(`CHROMIUM=${named}: there is no such file`);
  return named;
}
