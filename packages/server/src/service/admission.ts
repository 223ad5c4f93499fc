/** Bounds the memory that request bodies hold: a body is only read once room for all of it is set aside. */
import { ServiceError } from './service-error.ts';

export class Admission {
  readonly #limit: number;
  #held = 0;

  constructor(heldBytes: number) {
    this.#limit = heldBytes;
  }

  get heldBytes(): number {
    return this.#held;
  }

  /** Sets room aside; returns what gives it back (calling that twice does no harm). Throws `ServiceError` `queue-full`. */
  hold(bytes: number): () => void {
    if (this.#held > 0 && this.#held + bytes > this.#limit) {
      throw new ServiceError('queue-full', 'the bodies of other requests fill the memory set aside for them; try again after the time in Retry-After', {
        retryAfterS: 1,
      });
    }
    this.#held += bytes;
    let holding = true;
    return () => {
      if (!holding) return;
      holding = false;
      this.#held -= bytes;
    };
  }
}
