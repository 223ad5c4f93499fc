/** The studio's page "Train": trainings started, stopped, gone on with, and looked into. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '@mien/data';
import { UserError } from '@mien/runtime';
import { isRunName, type RunDesk, type RunJudgement, type RunList, type RunStart } from '@mien/server';
import { isRunFolder } from '@mien/training/run-folder';
import { RunJudge } from './run-judge.ts';
import { TrainingProcesses } from './training-processes.ts';

export class TrainingDesk implements RunDesk {
  readonly start: NonNullable<RunList['start']>;
  readonly #runsDir: string;
  readonly #processes: TrainingProcesses;
  readonly #judge = new RunJudge();
  /** Folder and store of each run that was asked about or started here. */
  readonly #dirs = new Map<string, string>();
  readonly #stores = new Map<string, string>();

  private constructor(runsDir: string, start: NonNullable<RunList['start']>, processes: TrainingProcesses) {
    this.#runsDir = runsDir;
    this.start = start;
    this.#processes = processes;
  }

  /** `data`: the store that new trainings learn from unless they name another. */
  static async open(runsDir: string, data: string | undefined, processes = new TrainingProcesses()): Promise<TrainingDesk> {
    const { recipeNames } = await import('@mien/training');
    return new TrainingDesk(runsDir, { recipes: recipeNames(), data: data ?? null }, processes);
  }

  running(): ReadonlySet<string> {
    return this.#processes.running;
  }

  failures(): RunList['failures'] {
    return this.#processes.failures;
  }

  async begin({ recipe, name, data, epochs }: RunStart): Promise<void> {
    const { recipes } = this.start;
    if (!recipes.includes(recipe)) throw new UserError('no-recipe', `recipe ${recipe}: expected one of ${recipes.join(', ')}`);
    if (!isRunName(name)) throw new UserError('bad-run', `name ${JSON.stringify(name)}: expected letters, digits, ".", "_" and "-"`);
    const dir = join(this.#runsDir, name);
    if (isRunFolder(this.#runsDir))
      throw new UserError('run-exists', `${this.#runsDir}: this is one run; open the studio with the folder above it to start others`);
    if (existsSync(dir)) throw new UserError('run-exists', `${dir}: there is something of this name already; choose another name`);
    await (await openStore(data)).close();
    this.#stores.set(name, data);
    this.#processes.start(name, [recipe, '--data', data, '--out', dir, ...(epochs === undefined ? [] : ['--set', `epochs=${epochs}`])]);
  }

  async resume(name: string, dir: string): Promise<void> {
    const data = this.#storeOf(name);
    if (data === undefined) throw new UserError('no-data', `${name}: the store it learns from is not known; open the studio with --data STORE`);
    this.#processes.start(name, [join(dir, 'recipe.json'), '--data', data, '--out', dir, '--resume']);
  }

  stop(name: string): void {
    this.#processes.stop(name);
  }

  async judgement(name: string, dir: string, again: boolean): Promise<RunJudgement> {
    this.#dirs.set(name, dir);
    return this.#judge.judgement(dir, this.#storeOf(name), again);
  }

  async image(name: string, row: number): Promise<Uint8Array | undefined> {
    const dir = this.#dirs.get(name);
    return dir === undefined ? undefined : this.#judge.image(dir, row);
  }

  /** Stops the trainings, with their checkpoints, and what is being judged. */
  async close(): Promise<void> {
    await Promise.all([this.#processes.close(), this.#judge.close()]);
  }

  #storeOf(name: string): string | undefined {
    return this.#stores.get(name) ?? this.start.data ?? undefined;
  }
}
