/** What is recorded of a camera, kept until it is saved or the next recording begins, whatever becomes of the camera meanwhile. */
import { Store } from '../store.ts';
import type { DrawOptions } from './draw-look.ts';
import { FilmRecorder } from './film-recorder.ts';
import type { Look } from './look.ts';
import { RecordedSession } from './recorded-session.ts';

export type KeptState =
  | { readonly kind: 'none' }
  | { readonly kind: 'recording'; readonly session: RecordedSession; readonly labels: readonly string[] }
  | { readonly kind: 'kept'; readonly session: RecordedSession; readonly labels: readonly string[]; readonly film?: Blob };

export interface BeginOptions {
  /** The name of the model in use. */
  readonly model: string;
  readonly labels: readonly string[];
  /** Records an annotated film of this type as well. */
  readonly filmType?: string | undefined;
}

export class SessionKeeper {
  readonly state = new Store<KeptState>({ kind: 'none' });
  #film: FilmRecorder | undefined;

  begin({ model, labels, filmType }: BeginOptions): void {
    this.#film = filmType ? new FilmRecorder(filmType) : undefined;
    const session = new RecordedSession({ about: { model, labels, recordedAt: new Date().toISOString() } });
    this.state.set({ kind: 'recording', session, labels });
  }

  /** One look of the camera; ignored while nothing is recorded. */
  add(look: Look, picture: CanvasImageSource, options: DrawOptions): void {
    if (this.state.value.kind !== 'recording') return;
    this.state.value.session.add(look);
    this.#film?.add(look, picture, options);
  }

  /** Ends the recording; harmless when there is none. A recording without a look is not kept. */
  async end(): Promise<void> {
    const now = this.state.value;
    if (now.kind !== 'recording') return;
    const { session, labels } = now;
    if (session.looks.length === 0) {
      this.state.set({ kind: 'none' });
      return;
    }
    const kept: KeptState = { kind: 'kept', session, labels };
    this.state.set(kept);
    const film = await this.#film?.finish();
    if (film && this.state.value === kept) this.state.set({ ...kept, film });
  }
}
