/** A film that is being read or has been: picture, progress, timeline, files. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { drawLook, noHeat } from '../live/draw-look.ts';
import { FacePanel } from '../live/face-panel.tsx';
import type { Look } from '../live/look.ts';
import { SaveSession } from '../live/save-session.tsx';
import { Timeline } from '../live/timeline.tsx';
import { useStore } from '../store.ts';
import { strings } from '../strings.ts';
import { AnnotatedFilmControls } from './annotated-film-controls.tsx';
import type { FilmSession, FilmState } from './film-session.ts';
import { lookAt } from './look-at.ts';

const words = strings.video;

export interface FilmViewProps {
  readonly name: string;
  readonly state: Extract<FilmState, { kind: 'reading' | 'done' }>;
  readonly session: FilmSession;
}

/** The look that belongs to the frame on show, while the film is played or searched. */
function useShownLook(video: HTMLVideoElement, session: FilmSession, on: boolean): Look | undefined {
  const [look, setLook] = useState<Look>();
  useEffect(() => {
    if (!on) return;
    video.controls = true;
    let handle = 0;
    const follow = (_now: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
      setLook(lookAt(session.looks, mediaTime));
      handle = video.requestVideoFrameCallback(follow);
    };
    handle = video.requestVideoFrameCallback(follow);
    video.currentTime = 0;
    return () => video.cancelVideoFrameCallback(handle);
  }, [video, session, on]);
  return look;
}

export function FilmView({ name, state, session }: FilmViewProps) {
  const { video, labels, doneSeconds, totalSeconds, secondsLeft } = state;
  const done = state.kind === 'done';
  const plainName = name.replace(/\.[^.]*$/, '');
  const stage = useRef<HTMLDivElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const [chosen, setChosen] = useState<number>();
  const reading = useStore(session.latest);
  const played = useShownLook(video, session, done);
  const look = done ? played : reading;

  useEffect(() => {
    stage.current!.prepend(video);
    return () => video.remove();
  }, [video]);
  useEffect(() => {
    if (look) drawLook(overlay.current!, look, { mirrored: false, heat: noHeat, labels });
    else overlay.current!.getContext('2d')!.clearRect(0, 0, overlay.current!.width, overlay.current!.height);
  }, [look, labels]);

  const faces = look?.faces ?? [];
  const known = [...new Set(session.looks.flatMap(({ faces: seen }) => seen.map(({ id }) => id)))];
  const followed = chosen ?? known[0];
  return (
    <div class="live-page">
      <div ref={stage} class="live-stage">
        <canvas ref={overlay} role="img" aria-label={strings.picture.alt(name, faces.length)} />
      </div>
      <div class="live-side">
        <h2 class="film-name">{name}</h2>
        {done ? (
          <>
            <p role="status">{words.done(session.looks.length, known.length)}</p>
            <SaveSession session={session.recorded} labels={labels} name={plainName} />
            <AnnotatedFilmControls session={session} labels={labels} totalSeconds={totalSeconds} name={plainName} />
          </>
        ) : (
          <>
            <progress aria-label={words.progressLabel} value={doneSeconds} max={totalSeconds} />
            <p class="live-rate">{words.progress(doneSeconds, totalSeconds, secondsLeft)}</p>
            <button type="button" onClick={() => session.stop()}>
              {words.stop}
            </button>
          </>
        )}
        <ol class="live-faces" aria-label={strings.live.faces}>
          {faces.map((face) => (
            <FacePanel key={face.id} face={face} chosen={face.id === followed} onChoose={() => setChosen(face.id)} />
          ))}
        </ol>
      </div>
      <section class="live-history" aria-labelledby="timeline-title">
        <h2 id="timeline-title">{words.timeline(followed)}</h2>
        <Timeline history={session.history} labels={labels} face={followed} seconds={totalSeconds} ends="with the film" beat={session.looks.length} />
        {done && known.length > 1 && (
          <fieldset class="choices" aria-label={strings.live.follow}>
            {known.slice(0, 12).map((id) => (
              <button key={id} type="button" aria-pressed={id === followed} onClick={() => setChosen(id)}>
                {strings.picture.face(id)}
              </button>
            ))}
          </fieldset>
        )}
      </section>
    </div>
  );
}
