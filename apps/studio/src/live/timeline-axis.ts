/** What stands at the beginning, in the middle and at the end of a timeline. */
import { strings } from '../strings.ts';

/** Films shorter than this are told to a tenth of a second. */
const tenthsBelowSeconds = 10;

/** `0:07`, `3:10`, `1:02:03`; with `tenths` `0:01.6`. */
export function clockTime(seconds: number, tenths = false): string {
  const unit = tenths ? 10 : 1;
  // Rounded before it is taken apart: 59.96 is a minute, not 60 seconds.
  const whole = Math.round(Math.max(0, seconds) * unit) / unit;
  const minutes = Math.floor(whole / 60);
  const rest = (whole - 60 * minutes).toFixed(tenths ? 1 : 0).padStart(tenths ? 4 : 2, '0');
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}

/** A moment of a film of so many seconds. */
export function filmTime(seconds: number, totalSeconds: number): string {
  return clockTime(seconds, totalSeconds < tenthsBelowSeconds);
}

/** A camera's axis ends now, a film's begins at 0. */
export function axisMarks(ends: 'now' | 'with the film', seconds: number): readonly [string, string, string] {
  if (ends === 'now') return [strings.live.secondsAgo(seconds), strings.live.secondsAgo(seconds / 2), strings.live.now];
  return [filmTime(0, seconds), filmTime(seconds / 2, seconds), filmTime(seconds, seconds)];
}
