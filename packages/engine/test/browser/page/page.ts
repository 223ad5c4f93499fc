/** Gives the test one function: train in a worker, with what a page can hand over as JSON. */
import type { Reply, TrainReply, TrainRequest } from './messages.ts';

type Numbers = { readonly [key in keyof TrainReply]: TrainReply[key] extends Uint8Array | Float32Array ? number[] : TrainReply[key] };

declare global {
  var train: (request: TrainRequest) => Promise<Numbers>;
}

globalThis.train = (request) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./train-worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('error', (event) => reject(new Error(event.message)));
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      worker.terminate();
      if ('failed' in data) reject(new Error(`${data.failed.name}: ${data.failed.message}`));
      else resolve({ ...data.done, model: [...data.done.model], images: [...data.done.images], logits: [...data.done.logits] });
    });
    worker.postMessage(request);
  });
