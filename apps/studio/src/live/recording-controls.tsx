/** Recording a session, and saving what was recorded. */
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Store } from '../store.ts';
import { strings } from '../strings.ts';
import type { DrawOptions } from './draw-look.ts';
import { FilmRecorder, filmType } from './film-recorder.ts';
import type { Look } from './look.ts';
import { RecordedSession } from './recorded-session.ts';
import { SaveSession } from './save-session.tsx';

const words = strings.live;

export interface RecordingControlsProps {
  readonly latest: Store<Look | undefined>;
  readonly labels: readonly string[];
  readonly video: HTMLVideoElement;
  readonly drawing: RefObject<DrawOptions>;
}

export function RecordingControls({ latest, labels, video, drawing }: RecordingControlsProps) {
  const [session, setSession] = useState<RecordedSession>();
  const [recording, setRecording] = useState(false);
  const [withFilm, setWithFilm] = useState(false);
  const [film, setFilm] = useState<Blob>();
  const recorder = useRef<FilmRecorder>(undefined);
  const type = filmType();

  useEffect(() => {
    if (!recording || !session) return;
    return latest.subscribe(() => {
      const look = latest.value;
      if (!look) return;
      session.add(look);
      recorder.current?.add(look, video, drawing.current!);
    });
  }, [recording, session, latest, video, drawing]);

  const begin = (): void => {
    setFilm(undefined);
    recorder.current = withFilm && type ? new FilmRecorder(type) : undefined;
    setSession(new RecordedSession());
    setRecording(true);
  };
  const end = async (): Promise<void> => {
    setRecording(false);
    setFilm(await recorder.current?.finish());
  };
  return (
    <section class="recording" aria-label={words.recording}>
      <button type="button" aria-pressed={recording} onClick={() => (recording ? void end() : begin())}>
        {recording ? words.endRecording : words.record}
      </button>
      {!recording && type && (
        <label>
          <input type="checkbox" checked={withFilm} onChange={() => setWithFilm(!withFilm)} />
          {words.withFilm}
        </label>
      )}
      {session && <p class="live-rate">{words.recorded(session.looks.at(-1)?.seconds ?? 0)}</p>}
      {session && !recording && session.looks.length > 0 && <SaveSession session={session} labels={labels} {...(film ? { film } : {})} />}
    </section>
  );
}
