/** The running camera: picture, faces, timeline, recording. */
import type { Live } from '@mien/web';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Store } from '../store.ts';
import { strings } from '../strings.ts';
import { type DrawOptions, drawLook } from './draw-look.ts';
import { FacePanel } from './face-panel.tsx';
import { FaceAnnouncer } from './face-announcer.tsx';
import { History } from './history.ts';
import type { Look } from './look.ts';
import { RecordingControls } from './recording-controls.tsx';
import { Timeline } from './timeline.tsx';
import { useKiosk } from './use-kiosk.ts';

const words = strings.live;
const timelineSeconds = 60;
/** The page around the picture is drawn this often; the picture itself at every frame. */
const beatMs = 100;

export interface LiveViewProps {
  readonly video: HTMLVideoElement;
  readonly live: Live;
  readonly labels: readonly string[];
  readonly latest: Store<Look | undefined>;
  readonly onStop: () => void;
}

/** A number that grows while `latest` changes, ten times a second at most. */
function useBeat(latest: Store<Look | undefined>): number {
  const [beat, setBeat] = useState(0);
  useEffect(() => {
    let last = 0;
    return latest.subscribe(() => {
      const now = performance.now();
      if (now - last < beatMs) return;
      last = now;
      setBeat((n) => n + 1);
    });
  }, [latest]);
  return beat;
}

export function LiveView({ video, live, labels, latest, onStop }: LiveViewProps) {
  const stage = useRef<HTMLDivElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const [heat, setHeat] = useState(false);
  const [history] = useState(() => new History(timelineSeconds));
  const [chosen, setChosen] = useState<number>();
  const kiosk = useKiosk(stage);
  const beat = useBeat(latest);
  const drawing = useRef<DrawOptions>({ mirrored: true, heat, labels });
  drawing.current = { mirrored: true, heat, labels };

  useEffect(() => {
    stage.current!.prepend(video);
    // Moving a video in the document pauses it.
    video.play().catch(() => {});
    return () => video.remove();
  }, [video]);
  useEffect(
    () =>
      latest.subscribe(() => {
        const look = latest.value;
        if (!look) return;
        history.add(look);
        drawLook(overlay.current!, look, drawing.current);
      }),
    [latest, history],
  );

  const faces = latest.value?.faces ?? [];
  const followed = faces.some(({ id }) => id === chosen) ? chosen : (faces[0]?.id ?? chosen);
  const { framesPerSecond, latencyMs } = live.stats;
  return (
    <div class="live-page">
      <div ref={stage} class={kiosk.on ? 'live-stage mirror kiosk' : 'live-stage mirror'}>
        <canvas ref={overlay} role="img" aria-label={words.pictureAlt(faces.length)} />
        <div class="camera-on">
          <span class="lamp" aria-hidden="true" />
          <span>{words.cameraOn}</span>
          {!kiosk.on && (
            <button type="button" onClick={onStop}>
              {words.stop}
            </button>
          )}
        </div>
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
      </div>
      <div class="live-side">
        <div class="live-tools">
          <button type="button" aria-pressed={heat} onClick={() => setHeat(!heat)}>
            {words.heat}
          </button>
          <button type="button" onClick={kiosk.enter}>
            {words.kiosk}
          </button>
          <p class="live-rate">{words.rate(framesPerSecond, latencyMs)}</p>
        </div>
        <RecordingControls latest={latest} labels={labels} video={video} drawing={drawing} />
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
    </div>
  );
}
