/** Videos by ffmpeg, through pipes: their length, and frames at a steady rate. */
import { spawn } from 'node:child_process';
import { type Image, UserError } from '@mien/runtime';
import { z } from 'zod';
import { within } from '@mien/jobs';
import { readPpmFrames } from './ppm-frames.ts';

export interface VideoInfo {
  readonly seconds: number;
  /** Frames a second, on average; 0 where the file does not say. */
  readonly frameRate: number;
}

/** A reader that says nothing for so long hangs. */
const silenceMs = 120_000;

/** Only plain files are opened: a playlist must not make ffmpeg fetch addresses. */
const input = (file: string): string[] => ['-protocol_whitelist', 'file,pipe', '-i', `file:${file}`];
const longestMessage = 300;

const probeSchema = z.object({
  streams: z.array(z.object({ avg_frame_rate: z.string().optional(), duration: z.string().optional() })),
  format: z.object({ duration: z.string().optional() }).optional(),
});

interface Started {
  readonly stdout: NodeJS.ReadableStream;
  /** Resolves with the exit status and the end of what was said on standard error. */
  readonly ended: Promise<{ status: number | null; said: string }>;
  readonly kill: () => void;
}

function start(program: 'ffmpeg' | 'ffprobe', args: readonly string[]): Started {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-longestMessage);
  });
  const ended = new Promise<{ status: number | null; said: string }>((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      reject(cause.code === 'ENOENT' ? new UserError('no-ffmpeg', `videos need ${program} on the PATH, there is none; install ffmpeg`, { cause }) : cause);
    });
    child.once('close', (status) => resolve({ status, said: said.trim().split('\n').at(-1) ?? '' }));
  });
  // Whoever reads the output first meets the failure when it asks for the end.
  ended.catch(() => {});
  return { stdout: child.stdout, ended, kill: () => child.kill('SIGKILL') };
}

/** Throws `UserError` `no-ffmpeg` where there is none on the PATH. */
export async function requireFfmpeg(): Promise<void> {
  const { stdout, ended } = start('ffmpeg', ['-version']);
  stdout.resume();
  await ended;
}

/** Throws `UserError`: `no-ffmpeg`, or `unreadable-video` for a file without a video in it. */
export async function probeVideo(file: string): Promise<VideoInfo> {
  const { stdout, ended } = start('ffprobe', [
    ...['-v', 'error', '-of', 'json', '-select_streams', 'v:0'],
    ...['-show_entries', 'stream=avg_frame_rate,duration:format=duration'],
    ...input(file),
  ]);
  let text = '';
  for await (const part of stdout) text += part;
  const { status, said } = await ended;
  const parsed = status === 0 ? probeSchema.safeParse(JSON.parse(text)) : undefined;
  const stream = parsed?.data?.streams[0];
  const seconds = Number(stream?.duration ?? parsed?.data?.format?.duration);
  if (!stream || !(seconds > 0)) {
    throw new UserError('unreadable-video', `${file}: expected a video, but ${said || 'it holds none of known length'}`);
  }
  const [frames = 0, per = 1] = (stream.avg_frame_rate ?? '').split('/').map(Number);
  return { seconds, frameRate: frames > 0 && per > 0 ? frames / per : 0 };
}

/**
 * The frames `first` … `first + count − 1` of a video at `rate` a second, frame k being the one shown at (k + ½) / rate
 * seconds, as RGB, upright and with square pixels. Fewer come where the video ends before. Throws `UserError` `no-ffmpeg`, and
 * `unreadable-video` where decoding fails on the way.
 */
export async function* decodeFrames(file: string, rate: number, first: number, count: number): AsyncGenerator<Image> {
  // One frame earlier: the picture shown at the middle of the first interval may have begun before the interval.
  const lead = first > 0 ? 1 : 0;
  const { stdout, ended, kill } = start('ffmpeg', [
    ...['-v', 'error', '-nostdin', '-threads', '1', '-ss', String((first - lead) / rate)],
    ...input(file),
    ...['-map', '0:v:0', '-vf', `fps=${rate}:start_time=0,scale=iw*sar:ih,setsar=1`, '-frames:v', String(count + lead)],
    ...['-f', 'image2pipe', '-c:v', 'ppm', 'pipe:1'],
  ]);
  let skip = lead;
  try {
    const frames = readPpmFrames(stdout);
    for (;;) {
      const { done, value } = await within(silenceMs, frames.next(), `${file}: the next frame`);
      if (done) break;
      if (skip-- <= 0) yield value;
    }
    const { status, said } = await ended;
    if (status !== 0) throw new UserError('unreadable-video', `${file}: ffmpeg cannot read on (${said})`);
  } finally {
    kill();
  }
}
