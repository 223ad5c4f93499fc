/** Results go to standard output, everything else to standard error. */
import { UserError } from '@mien/runtime';

/** What JSON lets stand but a terminal may obey: names in it can come from files of strangers. */
const terminalControls = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

export function printJson(value: unknown): void {
  const json = JSON.stringify(value).replace(terminalControls, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
  process.stdout.write(`${json}\n`);
}

export function printText(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Seconds as `45 s`, `12 min`, `3 h 05 min`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** A status line that rewrites itself on a terminal, and is printed now and then elsewhere. Only after two seconds. */
export class Progress {
  readonly #began = performance.now();
  readonly #intervalMs: number;
  #last = 0;
  /** What is counted now, since when, and how much of it was done by then. */
  #counted = { what: '', since: 0, from: 0 };
  #open = false;

  constructor(intervalMs = process.stderr.isTTY ? 200 : 15_000) {
    this.#intervalMs = intervalMs;
  }

  /** Shows `text()` if it is time to. */
  update(text: () => string): void {
    const now = performance.now();
    if (now - this.#began < 2000 || now - this.#last < this.#intervalMs) return;
    this.#last = now;
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\x1b[2K${text().slice(0, (process.stderr.columns || 80) - 1)}`);
      this.#open = true;
    } else {
      note(text());
    }
  }

  /** Shows done/total with rate and time left; each `what` has a rate of its own. */
  count(what: string, done: number, total: number): void {
    if (what !== this.#counted.what) this.#counted = { what, since: performance.now(), from: done };
    const { since, from } = this.#counted;
    // The first of a count says nothing of its rate.
    if (done <= from) return;
    this.update(() => {
      const rate = (1000 * (done - from)) / Math.max(1, performance.now() - since);
      return `${what}: ${done} of ${total} (${Math.floor((100 * done) / Math.max(1, total))} %), ${rate.toFixed(0)}/s, ${formatDuration((total - done) / rate)} left`;
    });
  }

  /** Shows a part of 0…1 with the rate of what was done and the time left. */
  part(what: string, done: number, fraction: number): void {
    this.update(() => {
      const seconds = (performance.now() - this.#began) / 1000;
      return `${what}: ${done} (${Math.floor(100 * fraction)} %), ${(done / seconds).toFixed(0)}/s, ${formatDuration((seconds * (1 - fraction)) / Math.max(fraction, 1e-6))} left`;
    });
  }

  /** Clears the line. */
  end(): void {
    if (this.#open) process.stderr.write('\r\x1b[2K');
    this.#open = false;
  }
}

/** A whole number from an option, within bounds. */
export function parseCount(option: string, lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < lowest || value > highest) {
      throw new UserError('bad-option', `${option} ${text}: expected a whole number from ${lowest} to ${highest}`);
    }
    return value;
  };
}
