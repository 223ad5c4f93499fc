/** What the best model of a run makes of the rows it was chosen on. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Split } from '@mien/data';
import { readCard, UserError } from '@mien/runtime';
import type { RunJudgement, RunMistake } from '@mien/server';
import { readModelFile } from '../find-model.ts';
import { judgeRows } from './judge-rows.ts';

/** Of each cell of the confusion matrix that many mistakes are kept, the surest. */
const keptPerCell = 24;

interface Judged {
  readonly mtimeMs: number;
  split: Split | undefined;
  /** Lets go of the store, out of which images of judged rows are shown. */
  close: (() => Promise<void>) | undefined;
  done: number;
  total: number;
  rows: ReadonlySet<number>;
  result: Extract<RunJudgement, { state: 'done' }> | undefined;
  failed: { readonly code: string; readonly reason: string } | undefined;
}

/** The surest mistakes of each pair of label and guess, all of them the surest first. */
function surest(mistakes: readonly RunMistake[]): RunMistake[] {
  const inCell = new Map<string, number>();
  return mistakes
    .toSorted((a, b) => b.confidence - a.confidence || a.row - b.row)
    .filter(({ label, guess }) => {
      const cell = `${label}\n${guess}`;
      const kept = inCell.get(cell) ?? 0;
      inCell.set(cell, kept + 1);
      return kept < keptPerCell;
    });
}

export class RunJudge {
  readonly #judged = new Map<string, Judged>();
  readonly #stop = new AbortController();
  /** One run at a time. */
  #queue: Promise<void> = Promise.resolve();

  /** `data`: the store's folder; undefined: none is known. Never rejects: what goes wrong is a judgement without a result. */
  judgement(dir: string, data: string | undefined, again: boolean): RunJudgement {
    const file = join(dir, 'model.onnx');
    const mtimeMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (mtimeMs === undefined) return { state: 'none', code: 'no-model', reason: `${dir}: the run has no model yet; its first epoch has to be over` };
    let known = this.#judged.get(dir);
    if (!known || (again && known.mtimeMs !== mtimeMs) || (again && known.failed !== undefined)) {
      if (data === undefined) {
        return { state: 'none', code: 'no-data', reason: `${dir}: the store it learns from is not known; open the studio with --data STORE` };
      }
      const begun: Judged = { mtimeMs, split: undefined, close: undefined, done: 0, total: 0, rows: new Set(), result: undefined, failed: undefined };
      this.#judged.set(dir, begun);
      const before = known;
      this.#queue = this.#queue.then(() => before?.close?.()).then(() => this.#judge(begun, dir, file, data));
      known = begun;
    }
    if (known.failed !== undefined) return { state: 'none', ...known.failed };
    if (!known.result) return { state: 'judging', done: known.done, total: known.total };
    return { ...known.result, outdated: known.mtimeMs !== mtimeMs };
  }

  /** Pixels [C,H,W], 0…255, of a row that was judged. */
  async image(dir: string, row: number): Promise<Uint8Array | undefined> {
    const judged = this.#judged.get(dir);
    return judged?.split && judged.rows.has(row) ? judged.split.readImages(row, 1) : undefined;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#queue;
    for (const { close } of this.#judged.values()) await close?.();
    this.#judged.clear();
  }

  async #judge(judged: Judged, dir: string, file: string, data: string): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return;
    try {
      const [{ chooseRows, describeValidation }, { checkRecipe }] = await Promise.all([import('@mien/training/rows'), import('@mien/training')]);
      const recipeFile = join(dir, 'recipe.json');
      const recipe = checkRecipe(JSON.parse(readFileSync(recipeFile, 'utf8')), recipeFile);
      const { validation, validationRows, name, chosen, close } = await chooseRows(recipe, data);
      judged.close = close;
      const { chosenRows } = readCard(readModelFile(file), file).training;
      const known = new Set(chosenRows?.map((set) => JSON.stringify(set)));
      if (chosenRows && !chosen.every((set) => known.has(JSON.stringify(set))))
        throw new UserError(
          'other-data',
          `${dir}: its epoch was chosen on other rows than this recipe finds in ${data}; open the studio with the --data it was trained on`,
        );
      judged.split = validation;
      judged.total = validationRows.length;
      judged.rows = new Set(validationRows);
      const labels = validation.labelNames;
      const confusion = labels.map(() => new Array<number>(labels.length).fill(0));
      const mistakes: RunMistake[] = [];
      for await (const { judged: rows } of judgeRows(file, [{ split: validation, rows: validationRows }], signal)) {
        for (const { row, guess, confidence } of rows) {
          const label = validation.labels[row]!;
          confusion[label]![guess]!++;
          if (label !== guess) mistakes.push({ row, label: labels[label]!, guess: labels[guess]!, confidence });
        }
        judged.done += rows.length;
      }
      const { channels, height, width } = validation.image;
      const on = `${name}, ${describeValidation(recipe)}`;
      judged.result = { state: 'done', on, labels, confusion, mistakes: surest(mistakes), image: { channels, height, width }, outdated: false };
    } catch (error) {
      if (!(error instanceof UserError) && !signal.aborted) console.error(error);
      judged.failed = { code: error instanceof UserError ? error.code : 'internal', reason: (error as Error).message };
    }
  }
}
