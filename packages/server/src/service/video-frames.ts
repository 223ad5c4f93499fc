/** Frames of a video in memory, decoded by ffmpeg through pipes: no file is written, and ffmpeg may open none. */
import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Image } from '@mien/runtime';
import { withIndexFirst } from './mp4-faststart.ts';
import { ppmFrames } from './ppm-frames.ts';
import { ServiceError } from './service-error.ts';

export interface VideoOptions {
  readonly container: 'mov' | 'matroska';
  readonly framesPerSecond: number;
  /** Width × height above which ffmpeg refuses a frame before it is decoded. */
  readonly maxPixels: number;
  /** Frames to give at most. */
  readonly maxFrames: number;
  /** Aborting ends ffmpeg. */
  readonly signal: AbortSignal;
}

/** Faces of a tenth of the picture's height have 70 pixels then, more than networks look at. */
const longestSidePx = 1280;

/** Whether ffmpeg can be started. */
export async function hasFfmpeg(): Promise<boolean> {
  const child = spawn('ffmpeg', ['-version'], { stdio: 'ignore' });
  return new Promise((resolve) => {
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });
}

function argumentsFor({ container, framesPerSecond, maxPixels, maxFrames }: VideoOptions): string[] {
  const side = `min(${longestSidePx}\\,max(iw\\,ih))`;
  return [
    ...['-nostdin', '-hide_banner', '-loglevel', 'error', '-threads', '1'],
    // One demuxer and one protocol: a playlist that names other files or hosts is not even looked into.
    ...['-protocol_whitelist', 'pipe', '-f', container, '-max_pixels', String(maxPixels), '-i', 'pipe:0'],
    ...['-map', '0:v:0', '-an', '-sn', '-dn', '-frames:v', String(maxFrames)],
    ...['-vf', `fps=${framesPerSecond},scale='if(gte(iw\\,ih)\\,${side}\\,-2)':'if(gte(iw\\,ih)\\,-2\\,${side})'`],
    ...['-f', 'image2pipe', '-c:v', 'ppm', '-pix_fmt', 'rgb24', 'pipe:1'],
  ];
}

/**
 * Yields frames upright, at most 1280 pixels long, at `framesPerSecond`; a slow consumer slows ffmpeg down.
 * Throws `ServiceError` `unreadable-video` when not a single frame can be decoded.
 */
export async function* videoFrames(file: Uint8Array, options: VideoOptions): AsyncGenerator<Image> {
  const child = spawn('ffmpeg', argumentsFor(options), {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH },
    signal: options.signal,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => resolve());
    child.on('error', () => resolve());
  });
  // What it says may hold paths and addresses; nobody needs it.
  child.stderr.resume();
  const pieces = options.container === 'mov' ? withIndexFirst(file) : [file];
  // It stops reading, which breaks the pipe, when it has seen enough.
  void pipeline(Readable.from(pieces), child.stdin).catch(() => {});
  let frames = 0;
  try {
    for await (const frame of ppmFrames(child.stdout)) {
      frames++;
      yield frame;
    }
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  if (frames === 0 && !options.signal.aborted) {
    throw new ServiceError('unreadable-video', 'no frame of the video can be decoded: it is damaged, too large, or of a codec ffmpeg lacks here');
  }
}
