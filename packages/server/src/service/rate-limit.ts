/** A token bucket for each client: bursts are fine, a steady flood is not. */
import { ServiceError } from './service-error.ts';

interface Bucket {
  left: number;
  /** When `left` was true, in milliseconds of the clock. */
  at: number;
}

/** Clients remembered; beyond that the one longest unseen is forgotten, which gives it a full bucket. */
const rememberedClients = 10_000;

export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  /** In the order they were last seen. */
  readonly #buckets = new Map<string, Bucket>();

  /** `perSecond` 0 lets everything through. */
  constructor(perSecond: number, burst: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#now = now;
  }

  get clients(): number {
    return this.#buckets.size;
  }

  /** Takes `images` out of a client's bucket, which may sink below zero once. Throws `ServiceError` `rate-limited` while it is empty. */
  take(client: string, images: number): void {
    if (this.#perSecond === 0) return;
    const now = this.#now();
    const before = this.#buckets.get(client) ?? { left: this.#burst, at: now };
    const left = Math.min(this.#burst, before.left + ((now - before.at) / 1000) * this.#perSecond);
    const enough = left >= 1;
    this.#buckets.delete(client);
    this.#buckets.set(client, { left: enough ? left - images : left, at: now });
    if (this.#buckets.size > rememberedClients) this.#buckets.delete(this.#buckets.keys().next().value!);
    if (enough) return;
    throw new ServiceError('rate-limited', `at most ${this.#perSecond} images a second are taken from one client; slow down`, {
      retryAfterS: Math.max(1, Math.ceil((1 - left) / this.#perSecond)),
    });
  }
}
