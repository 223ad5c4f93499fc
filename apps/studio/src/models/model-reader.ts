/** One model that reads pictures in a worker of its own. */
import type { Catalogue } from '../model/model-loader.ts';
import { PictureQueue } from '../photo/picture-queue.ts';
import { startRecognition, type RecognitionClient } from '../recognition/recognition-client.ts';
import { Store } from '../store.ts';

export type ReaderState = { readonly kind: 'loading' } | { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly message: string };

export class ModelReader {
  readonly name: string;
  readonly queue = new PictureQueue();
  readonly state = new Store<ReaderState>({ kind: 'loading' });
  readonly #client: RecognitionClient;

  /** `name` must stand in the catalogue. */
  constructor({ models, runtime }: Catalogue, name: string, client: RecognitionClient = startRecognition()) {
    this.name = name;
    this.#client = client;
    const { url, bytes } = models.find((model) => model.name === name)!;
    client
      .run({ kind: 'load', model: { name, url, bytes }, runtime }, () => {})
      .then(
        () => {
          this.state.set({ kind: 'ready' });
          this.queue.start((task, onProgress) => client.run(task, onProgress));
        },
        (error: Error) => this.state.set({ kind: 'failed', message: error.message }),
      );
  }

  /** Ends the worker and forgets the pictures. */
  close(): void {
    this.queue.clear();
    this.#client.close();
  }
}
