/** The pictures on the page: read one after the other, in the order they came. */
import { RecognitionError } from '../recognition/recognition-client.ts';
import type { PictureFaces, PictureTask, Progress } from '../recognition/messages.ts';
import { Store } from '../store.ts';

export type PictureState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'reading' }
  | { readonly kind: 'finding' }
  | ({ readonly kind: 'done' } & PictureFaces)
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

export interface Picture {
  /** Of this picture alone in the whole page. */
  readonly id: number;
  readonly name: string;
  readonly file: Blob;
  /** Read as one face, without looking for faces. */
  readonly wholeImage: boolean;
  /** Known once the picture is decoded. */
  readonly shown?: { readonly width: number; readonly height: number; readonly url: string };
  readonly state: PictureState;
}

/** Finds the faces of one picture; rejects with `RecognitionError`. */
export type ReadPictureTask = (task: PictureTask, onProgress: (progress: Progress) => void) => Promise<PictureFaces>;

/** Counted over all queues: two stand beside each other on "Models", and elements are found by the ids of their pictures. */
let lastId = 0;

export class PictureQueue {
  readonly pictures = new Store<readonly Picture[]>([]);
  #read: ReadPictureTask | undefined;
  #busy = false;

  /** Pictures wait until there is something that reads them. */
  start(read: ReadPictureTask): void {
    this.#read = read;
    void this.#work();
  }

  /** Pictures wait again. */
  pause(): void {
    this.#read = undefined;
  }

  add(files: Iterable<File>): void {
    const added = Array.from(files, (file): Picture => ({ id: ++lastId, name: file.name, file, wholeImage: false, state: { kind: 'waiting' } }));
    this.pictures.set([...this.pictures.value, ...added]);
    void this.#work();
  }

  /** Reads a picture again, as one face. */
  readWhole(id: number): void {
    this.#change(id, { wholeImage: true, state: { kind: 'waiting' } });
    void this.#work();
  }

  /** Reads again what another model than `model` has read. */
  readAgain(model: string): void {
    for (const { id, state } of this.pictures.value) if (state.kind === 'done' && state.model !== model) this.#change(id, { state: { kind: 'waiting' } });
    void this.#work();
  }

  remove(id: number): void {
    this.#drop((picture) => picture.id === id);
  }

  clear(): void {
    this.#drop(() => true);
  }

  #drop(goes: (picture: Picture) => boolean): void {
    for (const picture of this.pictures.value) if (goes(picture) && picture.shown) URL.revokeObjectURL(picture.shown.url);
    this.pictures.set(this.pictures.value.filter((picture) => !goes(picture)));
  }

  /** A picture that was removed meanwhile stays removed. */
  #change(id: number, change: Partial<Picture>): void {
    this.pictures.set(this.pictures.value.map((picture) => (picture.id === id ? { ...picture, ...change } : picture)));
  }

  #hear(id: number, progress: Progress): void {
    if (progress.stage === 'reading') this.#change(id, { state: { kind: 'reading' } });
    if (progress.stage !== 'finding') return;
    const picture = this.pictures.value.find((each) => each.id === id);
    if (!picture) return;
    if (picture.shown) URL.revokeObjectURL(picture.shown.url);
    const { width, height, preview } = progress.read;
    this.#change(id, { state: { kind: 'finding' }, shown: { width, height, url: URL.createObjectURL(preview) } });
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (;;) {
      const read = this.#read;
      const next = this.pictures.value.find(({ state }) => state.kind === 'waiting');
      if (!read || !next) break;
      this.#change(next.id, { state: { kind: 'reading' } });
      const { id, file, wholeImage } = next;
      try {
        const result = await read({ kind: 'picture', picture: file, wholeImage }, (progress) => this.#hear(id, progress));
        this.#change(id, { state: { kind: 'done', ...result } });
      } catch (error) {
        const code = error instanceof RecognitionError ? error.code : 'internal';
        this.#change(id, { state: { kind: 'failed', code, message: (error as Error).message } });
      }
    }
    this.#busy = false;
  }
}
