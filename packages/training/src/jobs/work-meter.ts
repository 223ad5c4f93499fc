/** Time left over trainings of unequal work, from the work done since it was made. */
export class WorkMeter {
  readonly #began = performance.now();
  /** Where this call began within a run in progress, and where it is: what an earlier call did takes no time now. */
  readonly #runs = new Map<string, { readonly work: number; readonly start: number; share: number }>();
  #done = 0;
  #left: number;

  /** `left`: work of all runs that are not over, in any unit. */
  constructor(left: number) {
    this.#left = left;
  }

  /** Seconds left once `share` of a run of `work` is done; undefined before anything was. */
  at(id: string, work: number, share: number): number | undefined {
    const run = this.#runs.get(id) ?? { work, start: share, share };
    run.share = share;
    this.#runs.set(id, run);
    let [done, left] = [this.#done, this.#left];
    for (const each of this.#runs.values()) {
      done += (each.share - each.start) * each.work;
      left -= each.share * each.work;
    }
    return done > 0 ? (left / done) * this.#seconds : undefined;
  }

  finish(id: string, work: number): void {
    const run = this.#runs.get(id);
    this.#runs.delete(id);
    this.#done += (1 - (run?.start ?? 0)) * work;
    this.#left -= work;
  }

  get #seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }
}
