/** Rows to label, one after the other; every decision is on the server's disk before the next row is shown. */
import type { LabelDecision, LabelOverview, LabelRow } from '@mien/server/api';
import { fetchJson } from '../fetch-json.ts';
import { Store } from '../store.ts';

export type LabelState =
  | { readonly kind: 'loading' }
  /** The studio was opened without a store. */
  | { readonly kind: 'none' }
  | { readonly kind: 'ready'; readonly overview: LabelOverview; readonly row: LabelRow | undefined; readonly pixels: Uint8Array | undefined }
  | { readonly kind: 'failed'; readonly message: string };

const address = '/api/labelling';

function post<T>(path: string, body: unknown): Promise<T> {
  return fetchJson<T>(`${address}/${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
}

async function fetchPixels({ id }: LabelRow): Promise<Uint8Array> {
  const response = await fetch(`${address}/images/${id}`);
  if (!response.ok) throw new Error(`${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

export class LabelSession {
  readonly state = new Store<LabelState>({ kind: 'loading' });
  #queue: LabelRow[] = [];
  readonly #skipped = new Set<number>();
  /** A row whose decision was taken back is shown again before all others. */
  #first: number | undefined;
  /** Rows the model had judged when the queue was fetched. */
  #judgedThen = 0;
  #busy = false;

  open(): Promise<void> {
    return this.#run(async () => {
      const overview = await fetchJson<LabelOverview | null>(address);
      if (!overview) this.state.set({ kind: 'none' });
      else await this.#show(overview);
    });
  }

  decide(decision: Omit<LabelDecision, 'id'> | { action: 'relabel'; to: string }): Promise<void> {
    return this.#run(async ({ row }) => {
      if (!row) return;
      const overview = await post<LabelOverview>('decisions', { ...decision, id: row.id });
      this.#queue = this.#queue.filter(({ id }) => id !== row.id);
      await this.#show(overview);
    });
  }

  /** Leaves the row for later. */
  skip(): Promise<void> {
    return this.#run(async ({ overview, row }) => {
      if (!row) return;
      this.#skipped.add(row.id);
      this.#queue = this.#queue.filter(({ id }) => id !== row.id);
      await this.#show(overview);
    });
  }

  undo(): Promise<void> {
    return this.#run(async () => {
      const { row, overview } = await post<{ row: LabelRow | null; overview: LabelOverview }>('undo', {});
      if (row) {
        this.#queue = [row, ...this.#queue.filter(({ id }) => id !== row.id)];
        this.#first = row.id;
      }
      await this.#show(overview);
    });
  }

  /** One thing at a time: a key pressed while a decision is being saved is not for a row that nobody has seen. */
  async #run(work: (ready: Extract<LabelState, { kind: 'ready' }>) => Promise<void>): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await work(this.state.value as Extract<LabelState, { kind: 'ready' }>);
    } catch (error) {
      this.state.set({ kind: 'failed', message: (error as Error).message });
    } finally {
      this.#busy = false;
    }
  }

  async #show(overview: LabelOverview): Promise<void> {
    // The model knows more rows by now: what it disagrees with comes first.
    const undone = this.#queue[0]?.id === this.#first ? this.#queue[0] : undefined;
    this.#first = undefined;
    if (!undone && (this.#queue.length === 0 || overview.judged !== this.#judgedThen)) {
      this.#judgedThen = overview.judged;
      const rows = await fetchJson<readonly LabelRow[]>(`${address}/rows`);
      this.#queue = rows.filter(({ id }) => !this.#skipped.has(id));
      // All that is left has been put off: once more from the beginning.
      if (this.#queue.length === 0) {
        this.#skipped.clear();
        this.#queue = [...rows];
      }
    }
    const row = this.#queue[0];
    this.state.set({ kind: 'ready', overview, row, pixels: row && (await fetchPixels(row)) });
  }
}
