/** The studio's server as a hono app: the built page, models, the detector and ONNX Runtime, all from one origin. */
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { UserError } from '@mien/runtime';
import { Hono } from 'hono';
import { securityHeaders } from '../http/security-headers.ts';
import { respondWithFile, type ServedFile } from '../http/served-file.ts';
import type { Download, RuntimeFiles } from './api.ts';
import type { LabelDesk } from './label-desk.ts';
import { labelRoutes } from './label-routes.ts';
import { listModels, modelUrl, type StudioModel } from './model-list.ts';
import { findOrtDir, ortFiles, ortWasmFile, readOrtVersion } from './ort-files.ts';
import type { RunDesk } from './run-desk.ts';
import { runRoutes } from './run-routes.ts';

export interface StudioAppOptions {
  /** The built page: `dist` of @mien/studio. */
  readonly studioDir: string;
  /** Models on offer; may be empty, the page then says so. */
  readonly models: readonly StudioModel[];
  /** Name of the model to load first; default: the first. */
  readonly defaultModel?: string | undefined;
  /** Name of the model for cameras and films; default: `defaultModel`. */
  readonly liveModel?: string | undefined;
  /** The face detector's `.onnx` file. */
  readonly detectorFile: string;
  /** The light face detector's `.onnx` file, for cameras and films. */
  readonly liveDetectorFile: string;
  /** The landmark network's `.onnx` file. */
  readonly landmarksFile: string;
  /** Folder of onnxruntime-web's files; default: that of the installed package. */
  readonly ortDir?: string;
  /** Rows to label by hand; without it the page says how to open one. */
  readonly desk?: LabelDesk | undefined;
  /** Folder of training runs to follow; without it the page says how to name one. */
  readonly runsDir?: string | undefined;
  /** Starts trainings in `runsDir` and looks into them; without it they are only followed. */
  readonly runDesk?: RunDesk | undefined;
}

/** Address → file of the built page. Vite puts a content hash into the names under `assets/`. */
async function pageFiles(studioDir: string): Promise<Map<string, ServedFile>> {
  const table = new Map<string, ServedFile>();
  const entries = await readdir(studioDir, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const url = `/${relative(studioDir, file).split(sep).join('/')}`;
    table.set(url, { file, caching: url.startsWith('/assets/') ? 'immutable' : 'revalidate' });
  }
  const index = table.get('/index.html');
  if (!index) throw new UserError('studio-not-built', `${studioDir}: expected the built studio (index.html), found none; run \`npm run build\``);
  return table.set('/', index);
}

async function fileSize(file: string, what: string, remedy: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (cause) {
    throw new UserError('not-found', `${what}: expected ${file}, there is none; ${remedy}`, { cause });
  }
}

/**
 * Everything the server can ever answer with is put into a table here; a request's path is only looked up in it.
 * Throws `UserError`: `studio-not-built`, `not-found`, and those of `listModels`.
 */
export async function createStudioApp(options: StudioAppOptions): Promise<Hono> {
  const { studioDir, models, defaultModel, liveModel, detectorFile, liveDetectorFile, landmarksFile, ortDir = findOrtDir(), desk, runsDir, runDesk } = options;
  const files = await pageFiles(studioDir);
  const list = await listModels(models, { defaultModel, liveModel });
  for (const { name, file } of models) files.set(modelUrl(name), { file, caching: 'revalidate' });

  const offerNetwork = async (file: string, name: string, what = 'face detector'): Promise<Download> => {
    const bytes = await fileSize(file, what, 'run `npm run build`');
    const url = `/detector/${name}.onnx`;
    files.set(url, { file, caching: 'revalidate' });
    return { url, bytes };
  };

  const wasmBytes = await fileSize(join(ortDir, ortWasmFile), 'ONNX Runtime', 'run `npm ci`');
  const ortBaseUrl = `/ort/${await readOrtVersion(ortDir)}/`;
  for (const name of ortFiles) files.set(ortBaseUrl + name, { file: join(ortDir, name), caching: 'immutable' });

  const runtime: RuntimeFiles = {
    detector: await offerNetwork(detectorFile, 'face-detector'),
    liveDetector: await offerNetwork(liveDetectorFile, 'face-detector-light'),
    landmarks: await offerNetwork(landmarksFile, 'face-landmarks', 'landmark network'),
    ort: { baseUrl: ortBaseUrl, wasm: { url: ortBaseUrl + ortWasmFile, bytes: wasmBytes } },
  };

  const app = new Hono();
  app.use(securityHeaders({ camera: true }));
  app.get('/api/models', (c) => c.json(list, 200, { 'Cache-Control': 'no-store' }));
  app.get('/api/runtime', (c) => c.json(runtime, 200, { 'Cache-Control': 'no-store' }));
  app.route('/api/labelling', labelRoutes(desk));
  app.route('/api/runs', runRoutes(runsDir, runDesk));
  app.get('*', (c) => {
    const found = files.get(c.req.path);
    return found ? respondWithFile(c, found) : c.notFound();
  });
  app.notFound((c) => c.json({ error: { code: 'not-found', message: 'there is nothing at this address' } }, 404));
  app.onError((error, c) => {
    console.error(error);
    return c.json({ error: { code: 'internal', message: 'the server failed; its log says why' } }, 500);
  });
  return app;
}
