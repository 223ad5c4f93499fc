/** A film that is being read or has been: picture, progress, timeline, files. */
import { useEffect, useState } from 'preact/hooks';
import type { Look } from '../live/look.ts';
import { SaveSession } from '../live/save-session.tsx';
import { Timeline } from '../live/timeline.tsx';
import { Store } from '../store.ts';
import { strings } from '../strings.ts';
import { AnnotatedFilmControls } from './annotated-film-controls.tsx';
import { FaceChooser } from './face-chooser.tsx';
import { FilmFaces } from './film-faces.tsx';
import type { FilmSession, FilmState } from './film-session.ts';
import { FilmStage } from './film-stage.tsx';
import { lookAt } from './look-at.ts';
import { Playhead } from './playhead.tsx';

const words = strings.video;

export interface FilmViewProps {
  readonly name: string;
  readonly state: Extract<FilmState, { kind: 'reading' | 'done' }>;
  readonly session: FilmSession;
}

/** The look that belongs to the frame on show: the latest while the film is read, then that of where it is played or searched. */
function useShownLook(video: HTMLVideoElement, session: FilmSession, done: boolean): Store<Look | undefined> {
  const [played] = useState(() => new Store<Look | undefined>(undefined));
  useEffect(() => {
    if (!done) return;
    video.controls = true;
    let handle = 0;
    const follow = (_now: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
      played.set(lookAt(session.looks, mediaTime));
      handle = video.requestVideoFrameCallback(follow);
    };
    handle = video.requestVideoFrameCallback(follow);
    video.currentTime = 0;
    return () => video.cancelVideoFrameCallback(handle);
  }, [video, session, played, done]);
  return done ? played : session.latest;
}

/** Drawn anew when `state` changes, a few times a second; what goes with every frame are `FilmStage` and `FilmFaces`. */
export function FilmView({ name, state, session }: FilmViewProps) {
  const { video, labels, doneSeconds, totalSeconds, secondsLeft, problem } = state;
  const done = state.kind === 'done';
  const plainName = name.replace(/\.[^.]*$/, '');
  const [chosen, setChosen] = useState<number>();
  const shown = useShownLook(video, session, done);
  const known = [...session.known];
  const followed = chosen ?? known[0];
  return (
    <div class="live-page">
      <FilmStage name={name} video={video} shown={shown} labels={labels} />
      <div class="live-side">
        <h2 class="film-name">{name}</h2>
        {done ? (
          <>
            {problem !== undefined && <p role="alert">{words.endedEarly(doneSeconds, problem)}</p>}
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
        <FilmFaces shown={shown} followed={followed} onFollow={setChosen} />
      </div>
      <section class="live-history film-history" aria-labelledby="timeline-title">
        <h2 id="timeline-title">{words.timeline(followed)}</h2>
        <Timeline history={session.history} labels={labels} face={followed} seconds={totalSeconds} ends="with the film" beat={session.looks.length}>
          {done && <Playhead video={video} totalSeconds={totalSeconds} />}
        </Timeline>
        {done && known.length > 1 && <FaceChooser faces={known} followed={followed} onFollow={setChosen} />}
      </section>
    </div>
  );
}
