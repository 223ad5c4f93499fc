/** The film's picture with the faces of the frame on show drawn over it. */
import { useEffect, useRef } from 'preact/hooks';
import { drawLook, noHeat } from '../live/draw-look.ts';
import type { Look } from '../live/look.ts';
import type { Store } from '../store.ts';
import { strings } from '../strings.ts';
import { useCalmStore } from './use-calm-store.ts';

export interface FilmStageProps {
  readonly name: string;
  readonly video: HTMLVideoElement;
  readonly shown: Store<Look | undefined>;
  readonly labels: readonly string[];
}

export function FilmStage({ name, video, shown, labels }: FilmStageProps) {
  const stage = useRef<HTMLDivElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const look = useCalmStore(shown);
  useEffect(() => {
    stage.current!.prepend(video);
    return () => video.remove();
  }, [video]);
  // With every frame, past the page's own beat: boxes belong to their picture.
  useEffect(() => {
    const draw = (): void => {
      const canvas = overlay.current;
      if (!canvas) return;
      if (shown.value) drawLook(canvas, shown.value, { mirrored: false, heat: noHeat, labels });
      else canvas.getContext('2d')!.clearRect(0, 0, canvas.width, canvas.height);
    };
    draw();
    return shown.subscribe(draw);
  }, [shown, labels]);
  return (
    <div ref={stage} class="live-stage">
      <canvas ref={overlay} role="img" aria-label={strings.picture.alt(name, look?.faces.length ?? 0)} />
    </div>
  );
}
