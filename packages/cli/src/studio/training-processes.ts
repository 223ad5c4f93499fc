/** Trainings started from the studio: `mien train` in processes of their own, which end with the studio, a checkpoint each. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '@mien/runtime';

const mien = fileURLToPath(new URL('../../bin/mien.js', import.meta.url));
/** Of what a process says before it fails, the end is kept. */
const keptCharacters = 4000;

/** What a training that ended with an error said last: `mien: …`, or the last line of a bug. */
function reasonIn(said: string): string {
  const lines = said.trim().split('\n');
  const reason = lines.findLast((line) => line.startsWith('mien: ')) ?? lines.at(-1) ?? '';
  return reason.replace(/^mien: /, '');
}

export class TrainingProcesses {
  readonly #running = new Map<string, ChildProcess>();
  readonly #stopping = new Set<string>();
  readonly #failures = new Map<string, string>();

  get running(): ReadonlySet<string> {
    return new Set(this.#running.keys());
  }

  /** The latest first. */
  get failures(): { name: string; message: string }[] {
    return Array.from(this.#failures, ([name, message]) => ({ name, message })).reverse();
  }

  /** Runs `mien train …`. Throws `UserError` `run-in-use` where a training of this name goes on. */
  start(name: string, args: readonly string[]): void {
    if (this.#running.has(name)) throw new UserError('run-in-use', `${name}: a training of this name is going on; stop it, or choose another name`);
    this.#failures.delete(name);
    // A group of its own: Ctrl-C in the studio's terminal is for the studio, which then stops its trainings in good order.
    const child = spawn(process.execPath, [mien, 'train', ...args], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    this.#running.set(name, child);
    let said = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-keptCharacters);
    });
    child.on('error', (error) => this.#failures.set(name, error.message));
    child.on('close', (code) => {
      this.#running.delete(name);
      this.#stopping.delete(name);
      if (code !== 0) this.#failures.set(name, reasonIn(said) || `${basename(process.execPath)} ended with status ${code}`);
    });
  }

  /** Has a training stop after its step, with a checkpoint. Throws `UserError` `not-ours`. */
  stop(name: string): void {
    const child = this.#running.get(name);
    if (!child) throw new UserError('not-ours', `${name}: it was not started from this studio; press Ctrl-C where it runs`);
    // A second signal would end it at once, without a checkpoint.
    if (this.#stopping.has(name)) return;
    this.#stopping.add(name);
    child.kill('SIGTERM');
  }

  /** Stops all of them, and resolves when the last has written its checkpoint. */
  async close(): Promise<void> {
    const children = [...this.#running.values()];
    for (const name of this.#running.keys()) this.stop(name);
    await Promise.all(children.map((child) => child.exitCode === null && child.signalCode === null && once(child, 'close')));
  }
}
