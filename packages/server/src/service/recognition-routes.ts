/** The addresses that take pictures. */
import { setMaxListeners } from 'node:events';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Admission } from './admission.ts';
import type { ServiceLimits } from './limits.ts';
import { checkImage, videoContainer } from './media-kind.ts';
import type { RateLimit } from './rate-limit.ts';
import { receiveFiles } from './received-files.ts';
import { recogniseVideo } from './recognise-video.ts';
import type { RecognitionPool } from './recognition-pool.ts';
import { batchRoute, explainRoute, recogniseRoute, videoRoute } from './routes.ts';
import type { BatchResult } from './schema.ts';
import type { ServiceEnv } from './service-env.ts';
import { asRefusal, ServiceError } from './service-error.ts';

export interface RecognitionRoutesOptions {
  readonly pool: RecognitionPool;
  readonly limits: ServiceLimits;
  /** Names of the models, the default first. */
  readonly modelNames: readonly string[];
  /** Whether ffmpeg is there. */
  readonly video: boolean;
  readonly admission: Admission;
  readonly rateLimit: RateLimit;
}

/** Video frames in work at once: enough for every worker of a small machine, and few in memory. */
const framesAtOnce = 4;

export function addRecognitionRoutes(app: OpenAPIHono<ServiceEnv>, { pool, limits, modelNames, video, admission, rateLimit }: RecognitionRoutesOptions): void {
  let videos = 0;
  const modelOf = (asked: string | undefined): string => {
    if (asked === undefined) return modelNames[0]!;
    if (!modelNames.includes(asked)) throw new ServiceError('no-such-model', `expected one of ${modelNames.join(', ')}`);
    return asked;
  };
  const receive = (c: Context<ServiceEnv>, field: string, maxBytes: number, maxFiles = 1) => receiveFiles(c.req.raw, { field, maxBytes, maxFiles, admission });
  const terms = (c: Context<ServiceEnv>) => ({ deadline: performance.now() + limits.deadlineMs, signal: c.req.raw.signal });
  const count = (c: Context<ServiceEnv>, images: number, faces: number): void => {
    c.set('images', images);
    c.set('faces', faces);
  };

  app.openapi(recogniseRoute, async (c) => {
    const { model: asked, detect, threshold } = c.req.valid('query');
    const model = modelOf(asked);
    const { files, release } = await receive(c, 'image', limits.imageBytes);
    try {
      const bytes = files[0]!;
      checkImage(bytes);
      const result = await pool.run({ kind: 'recognise', model, picture: { bytes }, detect, threshold, maxPixels: limits.pixels }, terms(c));
      count(c, 1, result.faces.length);
      return c.json({ model, width: result.width, height: result.height, faces: [...result.faces] }, 200);
    } finally {
      release();
    }
  });

  app.openapi(batchRoute, async (c) => {
    const { model: asked, detect, threshold } = c.req.valid('query');
    const model = modelOf(asked);
    const { files, release } = await receive(c, 'image', limits.batchBytes, limits.batchImages);
    try {
      rateLimit.take(c.var.client, files.length - 1);
      pool.checkRoom(files.length);
      const { deadline, signal } = terms(c);
      // Each image listens for the client's going; Node takes more than ten listeners for a leak.
      setMaxListeners(limits.batchImages + 10, signal);
      const recognise = async (bytes: Uint8Array): Promise<BatchResult['results'][number]> => {
        try {
          checkImage(bytes);
          const job = { kind: 'recognise', model, picture: { bytes }, detect, threshold, maxPixels: limits.pixels } as const;
          const result = await pool.run(job, { deadline, signal, patient: true });
          return { width: result.width, height: result.height, faces: [...result.faces] };
        } catch (error) {
          const refusal = asRefusal(error);
          // Only what is the image's own fault stands in its place.
          if (!refusal || refusal.status >= 429) throw error;
          const { title, status, code, message } = refusal;
          return { error: { type: 'about:blank', title, status, detail: message, code } };
        }
      };
      const results = await Promise.all(files.map(recognise));
      count(
        c,
        results.length,
        results.reduce((sum, result) => sum + ('faces' in result ? result.faces.length : 0), 0),
      );
      return c.json({ model, results }, 200);
    } finally {
      release();
    }
  });

  app.openapi(videoRoute, async (c) => {
    const { model: asked, threshold, framesPerSecond } = c.req.valid('query');
    const model = modelOf(asked);
    if (!video) throw new ServiceError('no-video', 'ffmpeg is not installed where the service runs, and reading videos needs it');
    if (videos >= limits.videosAtOnce) {
      throw new ServiceError('queue-full', `${videos} videos are being read, at most ${limits.videosAtOnce} are at once; try again later`, { retryAfterS: 10 });
    }
    videos++;
    try {
      const { files, release } = await receive(c, 'video', limits.videoBytes);
      try {
        const file = files[0]!;
        const container = videoContainer(file);
        if (!container) throw new ServiceError('unsupported-media-type', 'expected an MP4, QuickTime, Matroska or WebM video, by its first bytes');
        const result = await recogniseVideo(pool, {
          ...{ file, container, model, threshold, framesPerSecond },
          ...{ maxFrames: limits.videoFrames, maxPixels: limits.pixels, atOnce: framesAtOnce },
          ...{ deadline: performance.now() + limits.videoDeadlineMs, signal: c.req.raw.signal },
        });
        count(
          c,
          result.frames.length,
          result.frames.reduce((sum, frame) => sum + frame.faces.length, 0),
        );
        return c.json(result, 200);
      } finally {
        release();
      }
    } finally {
      videos--;
    }
  });

  app.openapi(explainRoute, async (c) => {
    const { model: asked, detect, threshold, face, label, grid } = c.req.valid('query');
    const model = modelOf(asked);
    const { files, release } = await receive(c, 'image', limits.imageBytes);
    try {
      const bytes = files[0]!;
      checkImage(bytes);
      const job = { kind: 'explain', model, picture: { bytes }, detect, threshold, maxPixels: limits.pixels, face, label, grid } as const;
      const result = await pool.run(job, terms(c));
      count(c, 1, 1);
      return c.json({ model, ...result, map: result.map.map((row) => [...row]) }, 200);
    } finally {
      release();
    }
  });
}
