/** The camera's picture, as in a mirror, with its faces drawn over it. */
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Store } from '../store.ts';
import { strings } from '../strings.ts';
import { CameraOn } from './camera-on.tsx';
import { type DrawOptions, drawLook } from './draw-look.ts';
import type { Look } from './look.ts';

export interface CameraStageProps {
  readonly stage: RefObject<HTMLDivElement | null>;
  readonly video: HTMLVideoElement;
  readonly latest: Store<Look | undefined>;
  readonly drawing: RefObject<DrawOptions>;
  readonly kiosk: boolean;
  readonly recording?: boolean | undefined;
  readonly onStop: () => void;
  readonly children?: ComponentChildren;
}

export function CameraStage({ stage, video, latest, drawing, kiosk, recording, onStop, children }: CameraStageProps) {
  const overlay = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    stage.current!.prepend(video);
    // Moving a video in the document pauses it.
    video.play().catch(() => {});
    return () => video.remove();
  }, [stage, video]);
  useEffect(
    () =>
      latest.subscribe(() => {
        const canvas = overlay.current;
        // The page was left, and the camera told of its end.
        if (!canvas) return;
        if (latest.value) drawLook(canvas, latest.value, drawing.current!);
        else canvas.getContext('2d')!.clearRect(0, 0, canvas.width, canvas.height);
      }),
    [latest, drawing],
  );
  return (
    <div ref={stage} class={kiosk ? 'live-stage mirror kiosk' : 'live-stage mirror'}>
      <canvas ref={overlay} role="img" aria-label={strings.live.pictureAlt(latest.value?.faces.length ?? 0)} />
      <CameraOn stage={stage} recording={recording} onStop={kiosk ? undefined : onStop} />
      {children}
    </div>
  );
}
