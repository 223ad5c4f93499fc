/** Threads for the pool's tests: one that answers when told to, one that does the real work without a thread. */
import { EventEmitter } from 'node:events';
import type { CreateSession } from '@mien/onnx';
import type { FaceDetector, ModelCard } from '@mien/runtime';
import { testCard } from '../../../runtime/src/test-model.ts';
import { JobRunner } from './job-runner.ts';
import type { PoolThread } from './pool-member.ts';
import { asRefusal } from './service-error.ts';
import type { FromWorker, JobMessage, ToWorker, WorkerSetup } from './worker-messages.ts';

/** Keeps what it is sent, and says what a test makes it say. */
export class PuppetThread extends EventEmitter implements PoolThread {
  readonly sent: JobMessage[] = [];
  /** Asked to leave; it does, unless `deaf`. */
  left = false;
  deaf = false;
  terminated = false;

  constructor(first: FromWorker = { type: 'ready', cards: { test: testCard as ModelCard } }) {
    super();
    setImmediate(() => this.say(first));
  }

  say(message: FromWorker): void {
    this.emit('message', message);
  }

  /** Answers the i-th message with a picture of that width. */
  finish(i: number, width = 1): void {
    this.say({ type: 'done', id: this.sent[i]!.id, result: { width, height: 1, faces: [] } });
  }

  postMessage(message: ToWorker): void {
    if (message !== 'leave') {
      this.sent.push(message);
      return;
    }
    this.left = true;
    if (!this.deaf) this.emit('exit', 0);
  }

  async terminate(): Promise<void> {
    this.terminated = true;
    this.emit('exit', 1);
  }
}

/** Runs jobs in this thread, as `recognition-worker.ts` does in its own. */
export class InlineThread extends EventEmitter implements PoolThread {
  #runner: JobRunner | undefined;

  constructor(setup: WorkerSetup, detector: FaceDetector, createSession: CreateSession) {
    super();
    JobRunner.open({ ...setup, detector, createSession, onRun: (faces) => this.emit('message', { type: 'run', faces }) }).then(
      (runner) => {
        this.#runner = runner;
        this.emit('message', { type: 'ready', cards: runner.cards });
      },
      (error: Error) => this.emit('error', error),
    );
  }

  postMessage(message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
    if (message === 'leave') {
      void this.terminate();
      return;
    }
    const { id, job } = message;
    const own = structuredClone(job, { transfer: [...transfer] });
    this.#runner!.run(own).then(
      (result) => this.emit('message', { type: 'done', id, result }),
      (error: Error) => {
        const refusal = asRefusal(error);
        this.emit('message', { type: 'error', id, code: refusal?.code ?? 'internal', message: refusal?.message ?? error.message, stack: error.stack });
      },
    );
  }

  async terminate(): Promise<void> {
    await this.#runner?.release();
    this.emit('exit', 0);
  }
}
