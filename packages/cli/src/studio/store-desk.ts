/** The rows of a store on the labelling page: judged by a model in the background, decided by a person. */
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { noLabel, openStore, type ProposedChange, type Split, type Store } from '@mien/data';
import { UserError } from '@mien/runtime';
import type { LabelDecision, LabelDesk, LabelOverview, LabelRow } from '@mien/server';
import { judgeRows } from './judge-rows.ts';
import { LabelJournal, rowKey, type RowName } from './label-journal.ts';

/** The journal of the store in `dir`: beside it, for a store is replaced as a whole when it is cleaned. */
export function journalOf(dir: string): string {
  const whole = resolve(dir);
  return join(dirname(whole), `${basename(whole)}.labelling.csv`);
}

/** As a command typed where the studio was started may name it. */
function nameFromHere(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') || isAbsolute(path) ? file : path;
}

/** In place of a guess. */
const notJudged = 255;

interface SplitRows {
  readonly split: Split;
  /** Id of its first row. */
  readonly first: number;
  readonly names: (row: number) => RowName;
  /** Class index of the guess; `notJudged` until there is one. */
  readonly guess: Uint8Array;
  readonly confidence: Float32Array;
}

export class StoreDesk implements LabelDesk {
  readonly #store: Store;
  readonly #splits: readonly SplitRows[];
  readonly #journal: LabelJournal;
  readonly #decided = new Set<number>();
  #judged = 0;
  #judgingFailed: string | undefined;
  readonly #stop = new AbortController();

  private constructor(store: Store, splits: readonly SplitRows[], journal: LabelJournal) {
    this.#store = store;
    this.#splits = splits;
    this.#journal = journal;
  }

  /**
   * Opens the store in `dir` and the journal beside it. Rows of locked test splits are left out.
   * @throws UserError those of `openStore` and `LabelJournal.open`, `nothing-to-label`.
   */
  static async open(dir: string): Promise<StoreDesk> {
    const store = await openStore(dir);
    const splits: SplitRows[] = [];
    let first = 0;
    for (const name of store.splitNames.filter((each) => !store.isLocked(each))) {
      const split = await store.split(name);
      const { source, row } = await split.readProvenance();
      const names = (at: number): RowName => {
        const { name: sourceName, split: sourceSplit } = store.manifest.sources[source[at]!]!;
        return { source: sourceName, split: sourceSplit, row: row[at]! };
      };
      splits.push({ split, first, names, guess: new Uint8Array(split.count).fill(notJudged), confidence: new Float32Array(split.count) });
      first += split.count;
    }
    if (first === 0) throw new UserError('nothing-to-label', `${dir}: it holds no rows outside locked test splits (${store.splitNames.join(', ')})`);
    const journal = await LabelJournal.open(journalOf(dir));
    const desk = new StoreDesk(store, splits, journal);
    desk.#readDecided();
    return desk;
  }

  /** Has the model judge every row, in order of ids. What goes wrong is told by `overview`; `close` ends it. */
  async judge(file: string): Promise<void> {
    try {
      const every = this.#splits.map(({ split }) => ({ split, rows: Uint32Array.from({ length: split.count }, (_, row) => row) }));
      for await (const { split, judged } of judgeRows(file, every, this.#stop.signal)) {
        const { guess, confidence } = this.#splits.find((each) => each.split === split)!;
        for (const each of judged) {
          guess[each.row] = each.guess;
          confidence[each.row] = each.confidence;
        }
        this.#judged += judged.length;
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#judgingFailed = (error as Error).message;
    }
  }

  overview(): LabelOverview {
    const { name, labels, image } = this.#store.manifest;
    const actions = this.#journal.decided.map(({ action }) => action);
    const { channels, height, width } = image;
    return {
      store: name,
      labels,
      image: { channels, height, width },
      rows: this.#splits.reduce((sum, { split }) => sum + split.count, 0),
      decided: this.#decided.size,
      relabelled: actions.filter((action) => action === 'relabel').length,
      dropped: actions.filter((action) => action === 'drop').length,
      journal: nameFromHere(this.#journal.file),
      judged: this.#judged,
      disagreements: this.#disagreements(),
      judgingFailed: this.#judgingFailed,
    };
  }

  #disagreements(): number {
    let count = 0;
    for (const { split, first, guess } of this.#splits) {
      for (let row = 0; row < split.count; row++) {
        const isLabelled = split.labels[row] !== noLabel;
        if (isLabelled && guess[row] !== notJudged && guess[row] !== split.labels[row] && !this.#decided.has(first + row)) count++;
      }
    }
    return count;
  }

  next(count: number): readonly LabelRow[] {
    const open: { id: number; rank: number }[] = [];
    for (const { split, first, guess, confidence } of this.#splits) {
      for (let row = 0; row < split.count; row++) {
        if (this.#decided.has(first + row)) continue;
        // Sure disagreements first, then doubtful agreements, then what is not judged yet.
        const rank = guess[row] === notJudged ? -2 : guess[row] === split.labels[row] ? -confidence[row]! : confidence[row]!;
        open.push({ id: first + row, rank });
      }
    }
    return open
      .sort((a, b) => b.rank - a.rank || a.id - b.id)
      .slice(0, count)
      .map(({ id }) => this.#row(id));
  }

  async image(id: number): Promise<Uint8Array | undefined> {
    const found = this.#find(id);
    return found?.split.readImages(id - found.first, 1);
  }

  async decide(decision: LabelDecision): Promise<void> {
    const found = this.#find(decision.id);
    if (!found) throw new UserError('bad-decision', `there is no row ${decision.id}`);
    if (this.#decided.has(decision.id)) throw new UserError('bad-decision', `row ${decision.id} is decided already; undo to decide anew`);
    const { labels } = this.#store.manifest;
    const to = decision.action === 'relabel' ? decision.to : '';
    if (decision.action === 'relabel' && !labels.includes(to)) {
      throw new UserError('bad-decision', `expected a label of ${labels.join(', ')}, came ${JSON.stringify(to)}`);
    }
    if (decision.action === 'keep' && this.#row(decision.id).label === undefined)
      throw new UserError('bad-decision', `row ${decision.id} has no label to keep; give it one, drop it, or skip it`);
    const { label = '', split, guess, confidence } = this.#row(decision.id);
    const reason = `by hand${guess === undefined ? '' : `; the model says ${guess} ${Math.round(100 * confidence!)}%`}`;
    const change: ProposedChange = { ...found.names(decision.id - found.first), action: decision.action, to, in: split, label, reason };
    this.#journal.add(change);
    this.#decided.add(decision.id);
  }

  async undo(): Promise<LabelRow | undefined> {
    const key = this.#journal.undo();
    if (key === undefined) return undefined;
    const id = [...this.#decided].findLast((each) => this.#key(each) === key);
    if (id === undefined) return undefined;
    this.#decided.delete(id);
    return this.#row(id);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#journal.close();
    await this.#store.close();
  }

  #find(id: number): SplitRows | undefined {
    return this.#splits.find(({ first, split }) => id >= first && id < first + split.count);
  }

  #key(id: number): string {
    const { first, names } = this.#find(id)!;
    return rowKey(names(id - first));
  }

  #row(id: number): LabelRow {
    const { split, first, guess, confidence } = this.#find(id)!;
    const row = id - first;
    const judged = guess[row] === notJudged ? {} : { guess: split.labelNames[guess[row]!]!, confidence: confidence[row]! };
    const label = split.labelNames[split.labels[row]!];
    return { id, split: split.name, ...(label !== undefined && { label }), ...judged };
  }

  /** Rows of the journal that the store still holds, in the journal's order. */
  #readDecided(): void {
    const keys = this.#journal.decided;
    if (keys.length === 0) return;
    const idOf = new Map<string, number>();
    for (const { first, split, names } of this.#splits) for (let row = 0; row < split.count; row++) idOf.set(rowKey(names(row)), first + row);
    for (const { key } of keys) {
      const id = idOf.get(key);
      if (id !== undefined) this.#decided.add(id);
    }
  }
}
