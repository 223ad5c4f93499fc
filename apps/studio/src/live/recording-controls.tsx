/** Recording a session, and saving what was recorded. */
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Store, useStore } from '../store.ts';
import { strings } from '../strings.ts';
import type { DrawOptions } from './draw-look.ts';
import { filmType } from './film-recorder.ts';
import type { Look } from './look.ts';
import { SaveSession } from './save-session.tsx';
import type { SessionKeeper } from './session-keeper.ts';

const words = strings.live;

export interface RecordingControlsProps {
  readonly keeper: SessionKeeper;
  readonly latest: Store<Look | undefined>;
  /** The name of the model in use, and its labels. */
  readonly model: string;
  readonly labels: readonly string[];
  readonly video: HTMLVideoElement;
  readonly drawing: RefObject<DrawOptions>;
}

export function RecordingControls({ keeper, latest, model, labels, video, drawing }: RecordingControlsProps) {
  const state = useStore(keeper.state);
  const [withFilm, setWithFilm] = useState(false);
  const type = filmType();
  const recording = state.kind === 'recording';

  useEffect(
    () =>
      latest.subscribe(() => {
        if (latest.value) keeper.add(latest.value, video, drawing.current!);
      }),
    [keeper, latest, video, drawing],
  );
  // The camera is going off, whoever turned it off: what there is stays.
  useEffect(() => () => void keeper.end(), [keeper]);

  return (
    <section class="recording" aria-label={words.recording}>
      <button
        type="button"
        aria-pressed={recording}
        onClick={() => (recording ? void keeper.end() : keeper.begin({ model, labels, filmType: withFilm ? type : undefined }))}
      >
        {recording ? words.endRecording : words.record}
      </button>
      {!recording && type && (
        <label>
          <input type="checkbox" checked={withFilm} onChange={() => setWithFilm(!withFilm)} />
          {words.withFilm}
        </label>
      )}
      {state.kind !== 'none' && <p class="live-rate">{words.recorded(state.session.looks.at(-1)?.seconds ?? 0)}</p>}
      {state.kind === 'kept' && <SaveSession session={state.session} labels={state.labels} {...(state.film ? { film: state.film } : {})} />}
    </section>
  );
}
