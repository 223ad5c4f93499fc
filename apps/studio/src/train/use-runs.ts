/** The trainings of the folder, asked for again and again while the page is open and visible. */
import type { RunList } from '@mien/server/api';
import { useEffect, useState } from 'preact/hooks';
import { fetchJson } from '../fetch-json.ts';

const pollMs = 2000;

export interface Runs {
  /** Null: the studio was opened without a folder of runs; undefined: not known yet. */
  readonly list?: RunList | null;
  readonly failed?: string;
  /** What a change answered; no need to wait for the next question. */
  readonly told: (list: RunList) => void;
}

export function useRuns(): Runs {
  const [state, setState] = useState<Omit<Runs, 'told'>>({});
  useEffect(() => {
    let left = false;
    const ask = async (): Promise<void> => {
      if (document.hidden) return;
      try {
        const list = await fetchJson<RunList | null>('/api/runs');
        if (!left) setState({ list });
      } catch (error) {
        if (!left) setState((before) => ({ ...before, failed: (error as Error).message }));
      }
    };
    void ask();
    const timer = setInterval(() => void ask(), pollMs);
    return () => {
      left = true;
      clearInterval(timer);
    };
  }, []);
  return { ...state, told: (list) => setState({ list }) };
}
