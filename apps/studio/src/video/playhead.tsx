/** A line over the timeline at the moment on show; a click, a drag or the arrow keys go to another. */
import { useEffect, useState } from 'preact/hooks';
import { filmTime } from '../live/timeline-axis.ts';
import { strings } from '../strings.ts';
import './playhead.css';

const words = strings.video;

export interface PlayheadProps {
  readonly video: HTMLVideoElement;
  /** Length of the timeline. */
  readonly totalSeconds: number;
}

export function Playhead({ video, totalSeconds }: PlayheadProps) {
  const [time, setTime] = useState(video.currentTime);
  useEffect(() => {
    const follow = (): void => setTime(video.currentTime);
    follow();
    // A few times a second while it plays, and at once when it is searched.
    video.addEventListener('timeupdate', follow);
    video.addEventListener('seeking', follow);
    return () => {
      video.removeEventListener('timeupdate', follow);
      video.removeEventListener('seeking', follow);
    };
  }, [video]);
  // A film that was not read to its end goes on where the timeline ends.
  const seconds = Math.min(time, totalSeconds);
  const text = words.position(filmTime(seconds, totalSeconds), filmTime(totalSeconds, totalSeconds));
  return (
    <div class="playhead">
      <span aria-hidden="true" style={{ left: `${(100 * seconds) / totalSeconds}%` }} />
      <input
        type="range"
        aria-label={words.positionLabel}
        aria-valuetext={text}
        min={0}
        max={totalSeconds}
        step="any"
        value={seconds}
        onInput={({ currentTarget }) => {
          video.currentTime = currentTarget.valueAsNumber;
        }}
      />
    </div>
  );
}
