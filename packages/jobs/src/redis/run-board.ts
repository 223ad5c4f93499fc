/**
 * The board in Redis on which open runs of jobs are pinned: what they are, who works on them, and remarks on the way.
 *
 * Keys: `mien:runs` (hash, id → description), `mien:<id>:workers` (sorted set, worker → when last seen, ms) and
 * `mien:<id>:remarks` (list of retries and progress, bounded). The jobs themselves lie in the BullMQ queue `<id>`.
 */
import { UserError } from '@mien/runtime';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { RetryPolicy } from '../failure.ts';

/** All keys of Mien begin with this; the waiting jobs of a run are the list `mien:<id>:wait`. */
export const keyPrefix = 'mien';

const runsKey = `${keyPrefix}:runs`;
const workerSeenMs = 30_000;
const longestRemarks = 1000;

const policySchema: z.ZodType<RetryPolicy> = z.object({
  failures: z.number(),
  deaths: z.number(),
  firstDelayMs: z.number(),
  longestDelayMs: z.number(),
});

const descriptionSchema = z.object({
  id: z.string(),
  /** What its jobs are, as `label`: picks the handler. */
  kind: z.string(),
  /** The Mien that opened the run; workers of another one are refused. */
  version: z.string(),
  /** Unix time, ms. Older runs are served first. */
  opened: z.number(),
  /** What a worker must know before its first job; the kind's own. */
  payload: z.unknown(),
  /** Which failed jobs are tried again: workers decide it, so it is pinned here. Default: `defaultRetryPolicy`. */
  policy: policySchema.optional(),
});
export type RunDescription = z.infer<typeof descriptionSchema>;

/** Names become Redis keys and file names. Throws `UserError` `bad-option`. */
export function checkRunName(name: string): string {
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/i.test(name) || name === 'runs') {
    throw new UserError('bad-option', `--name ${name}: expected up to 63 letters, digits, dots, dashes and underscores, beginning with a letter or digit`);
  }
  return name;
}

export class RunBoard {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async open(run: RunDescription): Promise<void> {
    await this.#redis.hset(runsKey, run.id, JSON.stringify(run));
  }

  async close(id: string): Promise<void> {
    await this.#redis.hdel(runsKey, id);
    await this.#redis.del(workersKey(id), remarksKey(id));
  }

  async isOpen(id: string): Promise<boolean> {
    return (await this.#redis.hexists(runsKey, id)) === 1;
  }

  /** The open run of this name. */
  async find(id: string): Promise<RunDescription | undefined> {
    return descriptionSchema.safeParse(parseJson((await this.#redis.hget(runsKey, id)) ?? '')).data;
  }

  /** Open runs, the oldest first. What is not a description is left out: the server may hold other things. */
  async runs(): Promise<RunDescription[]> {
    const texts = Object.values(await this.#redis.hgetall(runsKey));
    const runs = texts.flatMap((text) => {
      const parsed = descriptionSchema.safeParse(parseJson(text));
      return parsed.success ? [parsed.data] : [];
    });
    return runs.sort((a, b) => a.opened - b.opened);
  }

  async beat(id: string, worker: string): Promise<void> {
    await this.#redis.zadd(workersKey(id), Date.now(), worker);
    await this.#redis.pexpire(workersKey(id), 10 * workerSeenMs);
  }

  async leave(id: string, worker: string): Promise<void> {
    await this.#redis.zrem(workersKey(id), worker);
  }

  async workers(id: string): Promise<number> {
    return this.#redis.zcount(workersKey(id), Date.now() - workerSeenMs, '+inf');
  }

  async remark(id: string, value: unknown): Promise<void> {
    await this.#redis.pipeline().rpush(remarksKey(id), JSON.stringify(value)).ltrim(remarksKey(id), -longestRemarks, -1).exec();
  }

  /** Takes the remarks off the board. */
  async takeRemarks(id: string): Promise<unknown[]> {
    const texts = (await this.#redis.lpop(remarksKey(id), longestRemarks)) ?? [];
    return texts.map(parseJson).filter((value) => value !== undefined);
  }
}

function workersKey(id: string): string {
  return `${keyPrefix}:${id}:workers`;
}

function remarksKey(id: string): string {
  return `${keyPrefix}:${id}:remarks`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
