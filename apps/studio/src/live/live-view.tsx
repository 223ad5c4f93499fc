/** The running camera: picture, faces, timeline, recording. */
import type { Live } from '@mien/web';
import { useEffect, useRef, useState } from 'preact/hooks';
import { NeutralCorrection } from '../personal/neutral-correction.tsx';
import { type Store, useStore } from '../store.ts';
import { strings } from '../strings.ts';
import { CameraStage } from './camera-stage.tsx';
import { type DrawOptions, type Heat, noHeat } from './draw-look.ts';
import { FacePanel } from './face-panel.tsx';
import { FaceAnnouncer } from './face-announcer.tsx';
import { HeatControls } from './heat-controls.tsx';
import { History } from './history.ts';
import type { Look } from './look.ts';
import { RecordingControls } from './recording-controls.tsx';
import type { SessionKeeper } from './session-keeper.ts';
import { Timeline } from './timeline.tsx';
import { useBeat } from './use-beat.ts';
import { useKiosk } from './use-kiosk.ts';

const words = strings.live;
const timelineSeconds = 60;

export interface LiveViewProps {
  readonly video: HTMLVideoElement;
  readonly live: Live;
  /** The name of the model in use, and its labels. */
  readonly model: string;
  readonly labels: readonly string[];
  readonly keeper: SessionKeeper;
  readonly latest: Store<Look | undefined>;
  readonly onStop: () => void;
}

export function LiveView({ video, live, model, labels, keeper, latest, onStop }: LiveViewProps) {
  const stage = useRef<HTMLDivElement>(null);
  const kioskButton = useRef<HTMLButtonElement>(null);
  const [heat, setHeat] = useState<Heat>(noHeat);
  const [history] = useState(() => new History(timelineSeconds));
  const [chosen, setChosen] = useState<number>();
  const kiosk = useKiosk(stage);
  const beat = useBeat(latest);
  const recording = useStore(keeper.state).kind === 'recording';
  const drawing = useRef<DrawOptions>({ mirrored: true, heat, labels });
  drawing.current = { mirrored: true, heat, labels };

  useEffect(
    () =>
      latest.subscribe(() => {
        if (latest.value) history.add(latest.value);
      }),
    [latest, history],
  );

  // For the keyboard: what had the focus lies behind the picture now, or went away with it.
  const wasKiosk = useRef(false);
  useEffect(() => {
    if (kiosk.on) stage.current?.querySelector<HTMLElement>('.exit-kiosk')?.focus();
    else if (wasKiosk.current) kioskButton.current?.focus();
    wasKiosk.current = kiosk.on;
  }, [kiosk.on]);

  const faces = latest.value?.faces ?? [];
  const followed = faces.some(({ id }) => id === chosen) ? chosen : (faces[0]?.id ?? chosen);
  const { framesPerSecond, latencyMs } = live.stats;
  return (
    <section class="live-page" tabIndex={-1} aria-label={words.cameraOn}>
      <CameraStage stage={stage} video={video} latest={latest} drawing={drawing} kiosk={kiosk.on} recording={recording} onStop={onStop}>
        {kiosk.on && (
          <>
            <button type="button" class="exit-kiosk" onClick={kiosk.leave}>
              {words.exitKiosk}
            </button>
            <p class="kiosk-promise">
              {strings.promise.shown} {strings.promise.local}
            </p>
          </>
        )}
      </CameraStage>
      <div class="live-side">
        <div class="live-tools">
          <HeatControls heat={heat} labels={labels} onHeat={setHeat} />
          <button ref={kioskButton} type="button" onClick={kiosk.enter}>
            {words.kiosk}
          </button>
          <p class="live-rate">{words.rate(framesPerSecond, latencyMs)}</p>
        </div>
        <RecordingControls keeper={keeper} latest={latest} model={model} labels={labels} video={video} drawing={drawing} />
        <NeutralCorrection live={live} labels={labels} />
        {faces.length === 0 && <p class="live-empty">{words.noFace}</p>}
        <ol class="live-faces" aria-label={words.faces}>
          {faces.map((face) => (
            <FacePanel key={face.id} face={face} chosen={face.id === followed} onChoose={() => setChosen(face.id)} />
          ))}
        </ol>
      </div>
      <section class="live-history" aria-labelledby="timeline-title">
        <h2 id="timeline-title">{words.timeline(followed)}</h2>
        <Timeline history={history} labels={labels} face={followed} seconds={timelineSeconds} ends="now" beat={beat} />
      </section>
      <FaceAnnouncer faces={faces} />
    </section>
  );
}
