/** Frames into a video file, through a pipe into ffmpeg. */
import { spawn } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { UserError } from '@mien/runtime';
import { ffmpegMissing, lastLine, type VideoInfo } from './probe-video.ts';
import { writeAll } from './write-all.ts';

export interface FrameWriter {
  /** Takes width·height·3 bytes of RGB; resolves when they may be overwritten. Throws `UserError` `unwritable-video` when ffmpeg has stopped. */
  write(rgb: Uint8Array): Promise<void>;
  /** Finishes the file and puts it in its place. Throws `UserError` `unwritable-video` when ffmpeg could not. */
  finish(): Promise<void>;
  /** Gives up; no file is left. */
  discard(): Promise<void>;
}

/**
 * Opens a video of the source's size and rate at `file`, whose extension says which kind (.mp4, .mkv, .mov, .webm …); sound is taken over from
 * the source, as far as there is any and no longer than the picture. Written beside its place and renamed over it in the end. Throws `UserError`
 * `not-found` when the folder does not exist.
 */
export function writeFrames(file: string, source: VideoInfo): FrameWriter {
  if (!existsSync(dirname(file))) throw new UserError('not-found', `${file}: there is no folder ${dirname(file)}; make it first`);
  const extension = extname(file);
  const part = `${file.slice(0, file.length - extension.length)}.part${extension}`;
  const webm = extension.toLowerCase() === '.webm';
  // H.264 with 4:2:0 colour needs even sides: an odd one gets a black line.
  const codec = webm ? [] : ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20'];
  const options = [
    ...['-v', 'error', '-nostdin', '-y'],
    ...['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${source.width}x${source.height}`, '-r', source.rate, '-i', 'pipe:0'],
    ...['-i', `file:${source.file}`, '-map', '0:v:0', '-map', '1:a?', '-vf', 'pad=ceil(iw/2)*2:ceil(ih/2)*2'],
    // `apad` goes on with silence for ever: the shortest is then always the picture, however short or long the sound is.
    ...[...codec, '-pix_fmt', 'yuv420p', '-af', 'apad', '-shortest', `file:${part}`],
  ];
  const ffmpeg = spawn('ffmpeg', options, { stdio: ['pipe', 'ignore', 'pipe'] });
  let complaint = '';
  ffmpeg.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    ffmpeg.on('error', reject);
    ffmpeg.on('close', resolve);
  });
  ended.catch(() => {});
  // When ffmpeg stops early its end of the pipe closes; the reason is told by `ended`.
  ffmpeg.stdin.on('error', () => {});
  const status = (): Promise<number | null> =>
    ended.catch((cause: unknown) => {
      throw ffmpegMissing('ffmpeg', cause);
    });
  const failed = (): UserError => new UserError('unwritable-video', `${file}: ffmpeg could not write the video (${lastLine(complaint)})`);
  return {
    async write(rgb) {
      try {
        await writeAll(ffmpeg.stdin, rgb);
      } catch {
        // Nobody reads any more: ffmpeg has ended or is about to, and whatever its status, the film is not whole.
        await status();
        throw failed();
      }
    },
    async finish() {
      ffmpeg.stdin.end();
      if ((await status()) !== 0) {
        rmSync(part, { force: true });
        throw failed();
      }
      renameSync(part, file);
    },
    async discard() {
      ffmpeg.kill('SIGKILL');
      await ended.catch(() => {});
      rmSync(part, { force: true });
    },
  };
}
