/** Two models that read the same pictures. */
import type { Catalogue } from '../model/model-loader.ts';
import { Store } from '../store.ts';
import { ModelReader } from './model-reader.ts';

export type Names = readonly [left: string, right: string];

export class Comparison {
  /** Names of the models. */
  readonly chosen: Store<Names>;
  /** One a column; none before the first picture: a worker and a model each are not for looking at cards. */
  readonly readers = new Store<readonly ModelReader[]>([]);
  readonly #open: (name: string) => ModelReader;
  readonly #files: File[] = [];

  /** `open` begins to load a model of the catalogue. */
  constructor(catalogue: Catalogue, chosen: Names, open = (name: string) => new ModelReader(catalogue, name)) {
    this.chosen = new Store<Names>(chosen);
    this.#open = open;
  }

  /** Both read these pictures too. */
  add(files: readonly File[]): void {
    if (files.length === 0) return;
    this.#files.push(...files);
    if (this.readers.value.length === 0) this.readers.set(this.chosen.value.map(this.#open));
    for (const { queue } of this.readers.value) queue.add(files);
  }

  /** Another model in one column reads all pictures; the other column stays as it is. */
  choose(column: 0 | 1, name: string): void {
    const [left, right] = this.chosen.value;
    this.chosen.set(column === 0 ? [name, right] : [left, name]);
    const before = this.readers.value[column];
    if (!before) return;
    before.close();
    const reader = this.#open(name);
    reader.queue.add(this.#files);
    this.readers.set(this.readers.value.map((each) => (each === before ? reader : each)));
  }

  /** Ends the workers and forgets the pictures. */
  close(): void {
    for (const reader of this.readers.value) reader.close();
    this.readers.set([]);
    this.#files.length = 0;
  }
}
