/**
 * A directory that appears whole or not at all: it is filled under a temporary name and then published. Whatever ends
 * the process short of kill -9 removes it; what a kill -9 left behind, the next import into the same place removes.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '@mien/runtime';
import { checkPlace, oldSuffix, publishBeside, publishInside, stagedPrefix, takeBackInside } from './publish.ts';
import { codeOf, explainWriteError } from './write-errors.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export class StagedDirectory {
  /** Where to write. */
  readonly path: string;
  /** The final place. */
  readonly target: string;
  readonly #force: boolean;
  /** The temporary directory stands inside the target, not beside it. */
  readonly #inside: boolean;
  #open = true;
  #interrupted: NodeJS.Signals | undefined;
  readonly #onExit = () => this.#remove();
  readonly #onSignal = (signal: NodeJS.Signals) => {
    this.#interrupted = signal;
    this.discard();
    // With no one else to handle the signal, end as the process would have without us.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };

  /**
   * @param options.force replace the store that stands at `target`; anything else there is refused all the same.
   * @throws UserError `exists`, `not-a-store`, `cannot-write`, `disk-full`.
   */
  constructor(target: string, options: { force?: boolean | undefined } = {}) {
    this.target = existsSync(target) ? realpathSync(target) : resolve(target);
    this.#force = options.force ?? false;
    const owner = ownerOf(this.target);
    try {
      const parent = dirname(this.target);
      mkdirSync(parent, { recursive: true });
      for (const dir of [parent, this.target]) removeAbandoned(dir, owner, this.target);
      checkPlace(this.target, this.#force);
      ({ path: this.path, inside: this.#inside } = makeStaged(parent, this.target, `${owner}${process.pid}-`));
    } catch (error) {
      throw explainWriteError(error, this.target);
    }
    process.once('exit', this.#onExit);
    for (const signal of signals) process.once(signal, this.#onSignal);
  }

  /** @throws UserError `interrupted` once a signal has removed the directory. */
  checkOpen(): void {
    if (this.#interrupted) throw new UserError('interrupted', `interrupted by ${this.#interrupted}; nothing was written to ${this.target}`);
    if (!this.#open) throw new Error('this staged directory is already finished');
  }

  /**
   * Puts the directory in its place.
   * @throws UserError `exists` when another import was first, `cannot-write`, `disk-full`; it is discarded then.
   */
  commit(): void {
    this.checkOpen();
    try {
      (this.#inside ? publishInside : publishBeside)(this.path, this.target, this.#force);
    } catch (error) {
      this.discard();
      throw explainWriteError(error, this.target);
    }
    this.#close();
  }

  /** Removes everything written. Harmless after commit. */
  discard(): void {
    this.#remove();
    this.#close();
  }

  #remove(): void {
    if (this.#open) rmSync(this.path, { recursive: true, force: true });
  }

  #close(): void {
    this.#open = false;
    process.removeListener('exit', this.#onExit);
    for (const signal of signals) process.removeListener(signal, this.#onSignal);
  }
}

/** Beside the target where a rename can bring it there; inside for a mount point, or where only the target is ours. */
function makeStaged(parent: string, target: string, prefix: string): { path: string; inside: boolean } {
  const mounted = existsSync(target) && statSync(target).dev !== statSync(parent).dev;
  if (!mounted) {
    try {
      return { path: makeUnique(parent, prefix), inside: false };
    } catch (error) {
      const code = codeOf(error);
      if (!existsSync(target) || (code !== 'EACCES' && code !== 'EROFS' && code !== 'EPERM')) throw error;
    }
  }
  return { path: makeUnique(target, prefix), inside: true };
}

/** Not mkdtemp, whose directories only their owner may read. */
function makeUnique(dir: string, prefix: string): string {
  const path = join(dir, prefix + randomUUID().slice(0, 8));
  mkdirSync(path);
  return path;
}

/** How names of temporary directories for `target` begin, made by processes of this machine. */
function ownerOf(target: string): string {
  return `${stagedPrefix}${basename(target)}.${hostname()}-`;
}

/** Gives back the store at `target` where a process of this machine was killed in the moment of replacing it. Harmless otherwise. */
export function recoverReplaced(target: string): void {
  const place = resolve(target);
  for (const dir of [dirname(place), place]) takeBack(dir, place);
}

/** Clears up after processes of this machine that no longer live, giving back a store that one was about to replace. */
function removeAbandoned(dir: string, owner: string, target: string): void {
  takeBack(dir, target);
  for (const path of abandoned(dir, owner)) rmSync(path, { recursive: true, force: true });
}

function takeBack(dir: string, target: string): void {
  for (const path of abandoned(dir, ownerOf(target))) {
    if (!path.endsWith(oldSuffix)) continue;
    if (dir === target) takeBackInside(target, path);
    else if (!existsSync(target)) renameSync(path, target);
  }
}

/** Temporary directories in `dir` whose processes no longer live. */
function abandoned(dir: string, owner: string): string[] {
  if (!existsSync(dir) || !statSync(dir).isDirectory()) return [];
  return readdirSync(dir)
    .filter((name) => name.startsWith(owner))
    .filter((name) => {
      const pid = Number.parseInt(name.slice(owner.length), 10);
      return Number.isInteger(pid) && !isAlive(pid);
    })
    .map((name) => join(dir, name));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
