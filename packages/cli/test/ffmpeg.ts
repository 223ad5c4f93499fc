/** For tests that need ffmpeg. */
import { execFileSync } from 'node:child_process';

/** Whether ffmpeg is there; says what is skipped, and how to get it, where it is not. */
export function hasFfmpeg(tests: string): boolean {
  try {
    execFileSync('ffmpeg', ['-version'], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn(`${tests}: skipped. ffmpeg was not found: apt-get install ffmpeg`);
    return false;
  }
}
