/** What the page asks of the server's trainings. */
import type { RunList, RunStart } from '@mien/server/api';
import { fetchJson } from '../fetch-json.ts';

function post(path: string, body: unknown): Promise<RunList> {
  return fetchJson<RunList>(`/api/runs${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
}

/** Each throws an error whose message is for the screen. */
export const startRun = (run: RunStart): Promise<RunList> => post('', run);
export const stopRun = (name: string): Promise<RunList> => post(`/${encodeURIComponent(name)}/stop`, {});
export const resumeRun = (name: string): Promise<RunList> => post(`/${encodeURIComponent(name)}/resume`, {});
