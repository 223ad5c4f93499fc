/** One line a request, as JSON: what was asked, how it ended, how long it took. No address, file name or picture. */
import { randomUUID } from 'node:crypto';

export interface RequestRecord {
  readonly id: string;
  readonly method: string;
  /** The route's pattern, not the address asked for: that may hold anything. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
  readonly images?: number;
  readonly faces?: number;
  /** Code of the refusal. */
  readonly code?: string;
}

export interface ServiceLog {
  request(record: RequestRecord): void;
  /** Anything an operator should know; `error` is a bug of ours and shows its stack. */
  event(level: 'info' | 'warn' | 'error', message: string, more?: Readonly<Record<string, unknown>>): void;
}

/** Writes each record as one line. */
export function jsonLog(write: (line: string) => void, now: () => Date = () => new Date()): ServiceLog {
  const line = (fields: object): void => write(`${JSON.stringify({ time: now().toISOString(), ...fields })}\n`);
  return {
    request: (record) => line({ level: record.status >= 500 ? 'warn' : 'info', message: 'request', ...record }),
    event: (level, message, more) => line({ level, message, ...more }),
  };
}

/** The id a caller gave, where it is harmless to repeat in a header and a log; else a new one. */
export function requestId(given: string | undefined): string {
  return given !== undefined && /^[\w-]{8,64}$/.test(given) ? given : randomUUID();
}
