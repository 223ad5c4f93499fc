/** The frames of a video, one at a time through a pipe from ffmpeg: an hour takes no more memory than a second. */
import { spawn } from 'node:child_process';
import { type Image, UserError } from '@mien/runtime';
import { ffmpegMissing, lastLine, type VideoInfo } from './probe-video.ts';

export interface VideoFrame {
  /** RGB. Its memory is used again for the next frame. */
  readonly image: Image & { readonly channels: 3; readonly data: Uint8Array };
  readonly index: number;
  /** Seconds from the start of the video. */
  readonly time: number;
}

/**
 * Yields every frame at the video's mean rate, turned upright. Throws `UserError` `no-ffmpeg`, and `unreadable-video`
 * where decoding fails on the way. Leaving the loop early stops ffmpeg.
 */
export async function* readFrames(video: VideoInfo): AsyncGenerator<VideoFrame> {
  const { file, width, height, rate, framesPerSecond, stretched } = video;
  const options = [
    '-v',
    'error',
    '-nostdin',
    '-i',
    `file:${file}`,
    '-map',
    '0:v:0',
    // After the rotation, which ffmpeg puts first.
    ...(stretched ? ['-vf', `scale=${width}:${height},setsar=1`] : []),
    '-fps_mode',
    'cfr',
    '-r',
    rate,
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    'pipe:1',
  ];
  const ffmpeg = spawn('ffmpeg', options, { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  ffmpeg.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    ffmpeg.on('error', reject);
    ffmpeg.on('close', resolve);
  });
  // Awaited below; a failure to start must not count as unhandled before that.
  ended.catch(() => {});
  const data = new Uint8Array(width * height * 3);
  let filled = 0;
  let index = 0;
  try {
    for await (const chunk of ffmpeg.stdout as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; ) {
        const part = chunk.subarray(at, at + data.length - filled);
        data.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < data.length) continue;
        filled = 0;
        yield { image: { width, height, channels: 3, data }, index, time: index / framesPerSecond };
        index++;
      }
    }
    const status = await ended.catch((cause: unknown) => {
      throw ffmpegMissing('ffmpeg', cause);
    });
    if (status !== 0) throw new UserError('unreadable-video', `${file}: ffmpeg stopped after ${index} frames (${lastLine(complaint)})`);
    if (index === 0) throw new UserError('unreadable-video', `${file}: expected a video, it holds no frame that can be decoded`);
  } finally {
    ffmpeg.kill('SIGKILL');
  }
}
