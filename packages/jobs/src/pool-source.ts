/** The jobs of a pool, as its worker process sees them: every call is a message to the parent. */
import type { JobFailure } from './failure.ts';
import type { Claim } from './job.ts';
import type { JobSource } from './job-engine.ts';
import type { FromWorker, ToWorker } from './pool-messages.ts';

export class PoolSource<P, R> implements JobSource<P, R> {
  readonly #send: (message: FromWorker) => void;
  #ended = false;
  #claimed: ((claim: Claim<P> | undefined) => void) | undefined;

  constructor(send: (message: FromWorker) => void) {
    this.#send = send;
  }

  get ended(): boolean {
    return this.#ended;
  }

  receive(message: ToWorker): void {
    if (message.type === 'end') {
      this.#ended = true;
      this.#claimed?.(undefined);
    } else if (message.type === 'job') {
      const { claim } = message;
      this.#claimed?.(claim && { ...claim, payload: claim.payload as P, lost: new AbortController().signal });
    }
  }

  claim(): Promise<Claim<P> | undefined> {
    return new Promise((resolve) => {
      this.#claimed = (claim) => {
        this.#claimed = undefined;
        resolve(claim);
      };
      this.#send({ type: 'claim' });
    });
  }

  async complete({ id }: Claim<P>, result: R): Promise<void> {
    this.#send({ type: 'complete', id, result });
  }

  async fail({ id }: Claim<P>, failure: JobFailure): Promise<void> {
    this.#send({ type: 'fail', id, failure });
  }

  async release({ id }: Claim<P>): Promise<void> {
    this.#send({ type: 'release', id });
  }

  progress({ id }: Claim<P>, value: unknown): void {
    this.#send({ type: 'progress', id, value });
  }
}
