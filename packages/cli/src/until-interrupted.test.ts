import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const compiled = fileURLToPath(new URL('../dist/until-interrupted.js', import.meta.url));

/** Work that never ends; it tells when it has begun and when it was asked to stop. */
const script = `
  import { untilInterrupted } from ${JSON.stringify(compiled)};
  await untilInterrupted({ end() {} }, (signal) => {
    setInterval(() => {}, 1000);
    signal.addEventListener('abort', () => console.log('asked'));
    console.log('begun');
    return new Promise(() => {});
  });
`;

test.each(['SIGINT', 'SIGTERM'] as const)(
  'the first %s asks the work to stop, the second ends the process by that signal',
  async (signal) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    try {
      let complaints = '';
      child.stderr.on('data', (chunk) => (complaints += chunk));
      child.stdout.setEncoding('utf8');
      expect((await once(child.stdout, 'data'))[0]).toBe('begun\n');
      child.kill(signal);
      expect((await once(child.stdout, 'data'))[0]).toBe('asked\n');
      child.kill(signal);
      expect(await once(child, 'close')).toEqual([null, signal]);
      expect(complaints).toBe('stopping after this step; press Ctrl-C again to stop at once\n');
    } finally {
      child.kill('SIGKILL');
    }
  },
  30_000,
);
