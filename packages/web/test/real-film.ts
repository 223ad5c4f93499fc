/** A film of a real person for the fake camera. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFakeCamera } from './fake-camera.ts';
import { photographs } from './test-pages.ts';

/**
 * Writes `file` as y4m, 640×480, four seconds: from `clip` in `MIEN_DATA/video` where that and ffmpeg are there, else a photograph
 * that wanders. Says which it became.
 */
export async function writeRealFilm(file: string, clip: string): Promise<string> {
  const source = join(process.env.MIEN_DATA ?? '', 'video', clip);
  if (process.env.MIEN_DATA && existsSync(source) && spawnSync('ffmpeg', ['-version']).status === 0) {
    const filter = 'scale=640:480:force_original_aspect_ratio=decrease,pad=640:480:(ow-iw)/2:(oh-ih)/2,fps=15';
    execFileSync('ffmpeg', ['-v', 'error', '-y', '-t', '4', '-i', source, '-an', '-vf', filter, '-pix_fmt', 'yuv420p', file]);
    return clip;
  }
  await writeFakeCamera(file, { photograph: join(photographs, 'sample2.jpg'), frames: 60 });
  return 'a photograph that wanders';
}
