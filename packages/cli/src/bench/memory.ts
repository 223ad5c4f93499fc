/** Memory of a training, measured in a process of its own. */
import { fork } from 'node:child_process';
import type { TrainingCase } from './training-case.ts';

export interface MemoryRequest {
  readonly trainingCase: TrainingCase;
  readonly steps: number;
  /** Steps before the first sample. */
  readonly warmups: number;
}

export interface MemoryResult {
  /** The most that was ever resident. */
  readonly peakMb: number;
  /** Resident after the warm-up and at the end, each the median of five samples. */
  readonly warmMb: number;
  readonly endMb: number;
}

export type MemoryMessage = { readonly done: number } | { readonly result: MemoryResult };

/** Trains for `steps` steps in a fresh process. `onProgress` gets the steps done. */
export function measureMemory(request: MemoryRequest, onProgress: (done: number) => void): Promise<MemoryResult> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./memory-process.js', import.meta.url), [JSON.stringify(request)], { execArgv: ['--expose-gc'] });
    let result: MemoryResult | undefined;
    child.on('message', (message: MemoryMessage) => {
      if ('result' in message) result = message.result;
      else onProgress(message.done);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (result) resolve(result);
      else reject(new Error(`the memory benchmark of ${request.trainingCase.name} ended with ${signal ?? `status ${code}`} before it had a result`));
    });
  });
}
