/** Trainings that the page starts, stops and looks into. The server knows no training; who starts it gives a desk. */
import type { RunJudgement, RunList, RunStart } from './api.ts';

export interface RunDesk {
  /** What the page offers to start. */
  readonly start: NonNullable<RunList['start']>;
  /** Names of the trainings that run in processes of this desk. */
  running(): ReadonlySet<string>;
  failures(): RunList['failures'];
  /** Starts a training. Throws `UserError`: what does not fit is told before a process is started. */
  begin(run: RunStart): Promise<void>;
  /** Goes on with a training that was stopped or interrupted. Throws `UserError`. */
  resume(name: string, dir: string): Promise<void>;
  /** Has a training of this desk stop after its step, with a checkpoint. Throws `UserError` `not-ours`. */
  stop(name: string): void;
  /** Begins to judge when it is first asked, and anew when there is a newer model and `again` says so. */
  judgement(name: string, dir: string, again: boolean): Promise<RunJudgement>;
  /** Pixels [C,H,W], 0…255, of a row that was judged; undefined when there is none. */
  image(name: string, row: number): Promise<Uint8Array | undefined>;
}
