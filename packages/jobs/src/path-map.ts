/** Folders that lie elsewhere on another machine: paths as the job names them, and as this worker finds them. */
import { sep } from 'node:path';
import { UserError } from '@mien/runtime';

export type MapPath = (path: string) => string;

/**
 * Reads `--map FROM=TO` rules; of those that fit a path, the longest FROM counts.
 * Throws `UserError` `bad-option` for anything but two absolute paths.
 */
export function parsePathMap(rules: readonly string[]): MapPath {
  const pairs = rules.map((rule) => {
    const [from, to, more] = rule.split('=');
    if (!from?.startsWith('/') || !to?.startsWith('/') || more !== undefined) {
      throw new UserError('bad-option', `--map ${rule}: expected FROM=TO, two absolute folders, as /data=/mnt/data`);
    }
    return [withoutEnd(from), withoutEnd(to)] as const;
  });
  pairs.sort((a, b) => b[0].length - a[0].length);
  return (path) => {
    const pair = pairs.find(([from]) => path === from || path.startsWith(`${from}${sep}`));
    return pair ? pair[1] + path.slice(pair[0].length) : path;
  };
}

function withoutEnd(path: string): string {
  return path.replace(/\/+$/, '');
}
