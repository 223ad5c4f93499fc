/** Making and saving the film with the faces drawn in. */
import { useEffect, useState } from 'preact/hooks';
import { SaveIcon } from '../icons.tsx';
import { filmExtension } from '../live/film-recorder.ts';
import { saveFile } from '../save-file.ts';
import { useStore } from '../store.ts';
import { strings } from '../strings.ts';
import { AnnotatedFilm } from './annotated-film.ts';
import type { FilmSession } from './film-session.ts';

const words = strings.video.film;

export interface AnnotatedFilmControlsProps {
  readonly session: FilmSession;
  readonly labels: readonly string[];
  readonly totalSeconds: number;
  /** Of the file, without its ending. */
  readonly name: string;
}

export function AnnotatedFilmControls({ session, labels, totalSeconds, name }: AnnotatedFilmControlsProps) {
  const [annotated] = useState(() => new AnnotatedFilm());
  const state = useStore(annotated.state);
  // Another film, or another page: what was made is forgotten.
  useEffect(() => () => annotated.cancel(), [annotated, session.url]);
  const make = (): void => {
    if (session.url) void annotated.make({ url: session.url, looks: session.looks, labels, totalSeconds });
  };
  return (
    <section class="annotated" aria-label={words.title}>
      {state.kind === 'making' && (
        <>
          <progress aria-label={words.making} value={Math.min(state.doneSeconds, totalSeconds)} max={totalSeconds} />
          <p class="live-rate" role="status">
            {state.waiting ? words.hidden : words.making}
          </p>
          <button type="button" onClick={() => annotated.cancel()}>
            {words.cancel}
          </button>
        </>
      )}
      {state.kind === 'made' && (
        <button type="button" onClick={() => saveFile(state.film, state.film.type, `${name}-annotated.${filmExtension(state.film.type)}`)}>
          <SaveIcon />
          {strings.live.saveFilm}
        </button>
      )}
      {(state.kind === 'none' || state.kind === 'failed') && (
        <button type="button" onClick={make}>
          {words.make}
        </button>
      )}
      {state.kind === 'failed' && <p role="alert">{state.message}</p>}
      {state.kind !== 'making' && <p class="live-rate">{state.kind === 'unsupported' ? words.unsupported : words.note}</p>}
    </section>
  );
}
