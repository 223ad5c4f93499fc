/** What a video file holds, asked of ffprobe. */
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '@mien/runtime';

export interface VideoInfo {
  readonly file: string;
  /** In pixels, as shown: after the file's rotation. */
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  /** `framesPerSecond` as ffmpeg writes it, as `24000/1001`. */
  readonly rate: string;
  /** undefined where the file does not say. */
  readonly durationSeconds: number | undefined;
}

const videoExtensions = new Set(['.mp4', '.m4v', '.mov', '.mkv', '.webm', '.avi', '.mpg', '.mpeg', '.wmv', '.flv', '.3gp', '.mts', '.m2ts', '.ogv', '.y4m']);

/** Whether a path names a video, by its extension; anything else is taken for a picture. */
export function isVideoName(file: string): boolean {
  return videoExtensions.has(extname(file).toLowerCase());
}

/** What to tell a person without ffmpeg. */
export function ffmpegMissing(program: string, cause: unknown): UserError {
  return new UserError(
    'no-ffmpeg',
    `videos are read with ${program}, which was not found; install ffmpeg (apt-get install ffmpeg, brew install ffmpeg, winget install ffmpeg)`,
    {
      cause,
    },
  );
}

/** Throws `UserError`: `not-found`, `no-ffmpeg`, `unreadable-video` for a file without a picture track that can be decoded. */
export async function probeVideo(file: string): Promise<VideoInfo> {
  if (!existsSync(file)) throw new UserError('not-found', `${file}: there is no such file; check the path`);
  if (statSync(file).isDirectory()) throw new UserError('not-a-file', `${file}: expected a video, this is a folder; name the files in it`);
  const entries = 'stream=width,height,avg_frame_rate,r_frame_rate,duration:stream_side_data=rotation:format=duration';
  let text: string;
  try {
    // `file:` keeps ffprobe from taking a name for an option or an address.
    ({ stdout: text } = await promisify(execFile)('ffprobe', [
      '-v',
      'error',
      '-select_streams',
      'v:0',
      '-show_entries',
      entries,
      '-of',
      'json',
      `file:${file}`,
    ]));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw ffmpegMissing('ffprobe', cause);
    throw new UserError('unreadable-video', `${file}: expected a video, but ffprobe cannot read it (${lastLine((cause as { stderr?: string }).stderr)})`, {
      cause,
    });
  }
  const { streams, format } = JSON.parse(text) as {
    streams: readonly {
      width: number;
      height: number;
      avg_frame_rate: string;
      r_frame_rate: string;
      duration?: string;
      side_data_list?: readonly { rotation?: number }[];
    }[];
    format?: { duration?: string };
  };
  const [stream] = streams;
  const rate = [stream?.avg_frame_rate, stream?.r_frame_rate].find((r) => r && rateOf(r) > 0);
  if (!stream || !rate || !(stream.width > 0 && stream.height > 0))
    throw new UserError('unreadable-video', `${file}: expected a video, it has no picture track`);
  const turned = stream.side_data_list?.some(({ rotation }) => rotation !== undefined && Math.abs(rotation) % 180 === 90) ?? false;
  const duration = Number(stream.duration ?? format?.duration);
  return {
    file,
    width: turned ? stream.height : stream.width,
    height: turned ? stream.width : stream.height,
    framesPerSecond: rateOf(rate),
    rate,
    durationSeconds: duration > 0 ? duration : undefined,
  };
}

function rateOf(rate: string): number {
  const [over, under = '1'] = rate.split('/');
  return Number(over) / Number(under);
}

/** The last thing a program said, for a message of one line. */
export function lastLine(text: string | undefined): string {
  return text?.trim().split('\n').at(-1) || 'no reason given';
}
