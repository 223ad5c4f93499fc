/** What a video file holds, asked of ffprobe. */
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '@mien/runtime';

export interface VideoInfo {
  readonly file: string;
  /** In pixels, as shown: after the file's rotation, with square pixels. */
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  /** `framesPerSecond` as ffmpeg writes it, as `24000/1001`. */
  readonly rate: string;
  /** Whether the file's own pixels are not square, so that frames have to be stretched. */
  readonly stretched: boolean;
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
  const entries = 'stream=width,height,sample_aspect_ratio,avg_frame_rate,r_frame_rate,duration:stream_side_data=rotation:format=duration';
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
      sample_aspect_ratio?: string;
      avg_frame_rate: string;
      r_frame_rate: string;
      duration?: string;
      side_data_list?: readonly { rotation?: number }[];
    }[];
    format?: { duration?: string };
  };
  const [stream] = streams;
  const rates = [stream?.avg_frame_rate, stream?.r_frame_rate].filter((r) => r !== undefined && rateOf(r) > 0);
  // A file that tells no rate is given that of its clock, as 1000 in WebM: every frame would be read dozens of times.
  const rate = rates.find((r) => rateOf(r!) <= fastestRate) ?? (rates.length > 0 ? usualRate : undefined);
  if (!stream || !rate || !(stream.width > 0 && stream.height > 0))
    throw new UserError('unreadable-video', `${file}: expected a video, it has no picture track`);
  const turned = stream.side_data_list?.some(({ rotation }) => rotation !== undefined && Math.abs(rotation) % 180 === 90) ?? false;
  const pixelAspect = aspectOf(stream.sample_aspect_ratio);
  const shownWidth = Math.max(1, Math.round(stream.width * pixelAspect));
  const duration = Number(stream.duration ?? format?.duration);
  return {
    file,
    width: turned ? stream.height : shownWidth,
    height: turned ? shownWidth : stream.height,
    stretched: pixelAspect !== 1,
    framesPerSecond: rateOf(rate),
    rate,
    durationSeconds: duration > 0 ? duration : undefined,
  };
}

/** No camera takes more frames a second that are worth reading. */
const fastestRate = 240;
const usualRate = '30/1';

/** Width of a pixel ÷ its height, from `64:45`; 1 where the file does not say. */
function aspectOf(text: string | undefined): number {
  const [over = 0, under = 0] = (text ?? '').split(':').map(Number);
  return over > 0 && under > 0 ? over / under : 1;
}

function rateOf(rate: string): number {
  const [over, under = '1'] = rate.split('/');
  return Number(over) / Number(under);
}

/** The last thing a program said, for a message of one line. */
export function lastLine(text: string | undefined): string {
  return text?.trim().split('\n').at(-1) || 'no reason given';
}
