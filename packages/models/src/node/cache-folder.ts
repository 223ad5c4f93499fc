/** Where downloads are kept between runs. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * `MIEN_CACHE` where it is set, else `mien` in the user's cache folder (XDG Base Directory Specification 0.8:
 * `XDG_CACHE_HOME`, which counts only when absolute, else `~/.cache`). It may not exist yet.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.MIEN_CACHE) return env.MIEN_CACHE;
  const base = env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : join(homedir(), '.cache');
  return join(base, 'mien');
}
