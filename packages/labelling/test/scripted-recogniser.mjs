/** A recogniser that does what the names of its pictures say: `slow`, `kill` (its own process), `throw`, `full` (a full disk, once). */
import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export async function openRecogniser({ options }) {
  const { labels } = options.model;
  return {
    recognise: async (items, { signal, onBegin, onProgress }) => {
      const results = [];
      for (const [i, { file }] of items.entries()) {
        onBegin?.(i);
        signal.throwIfAborted();
        const name = basename(file);
        if (name.startsWith('slow')) await sleep(20);
        if (name.startsWith('kill')) process.kill(process.pid, 'SIGKILL');
        if (name.startsWith('throw')) throw new Error('stumbled');
        if (!existsSync(file)) {
          results.push({ error: { code: 'not-found', message: `${file}: there is no such file` } });
          continue;
        }
        if (name.startsWith('full')) {
          const mark = join(dirname(file), `${name}.tried`);
          if (!existsSync(mark)) {
            writeFileSync(mark, '');
            throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
          }
        }
        const face = { box: { x: 0, y: 0, width: 1, height: 1 }, score: 1, label: labels[0], probabilities: labels.map((_, k) => (k === 0 ? 1 : 0)) };
        results.push({ width: 1, height: 1, faces: [face] });
        onProgress?.(i + 1);
      }
      return results;
    },
    release: async () => {},
  };
}
