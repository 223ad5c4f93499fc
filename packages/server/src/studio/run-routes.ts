/** `/api/runs`: trainings of a folder, followed, and with a desk also started, stopped and looked into. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import type { RunList } from './api.ts';
import { ownPageOnly, smallBodies } from './own-page-only.ts';
import type { RunDesk } from './run-desk.ts';
import { isRunName, listRuns, readRunLog, runDirOf } from './training-runs.ts';

const startSchema = z.strictObject({
  recipe: z.string().min(1),
  name: z.string().refine(isRunName),
  data: z.string().min(1),
  epochs: z.number().int().positive().max(10_000).optional(),
});
const fresh = { 'Cache-Control': 'no-store' };

/** `runsDir` undefined: the studio was opened without a folder of runs, `GET /` says null. */
export function runRoutes(runsDir: string | undefined, desk: RunDesk | undefined): Hono {
  const app = new Hono();
  app.use(ownPageOnly(), smallBodies());

  const list = async (dir: string): Promise<RunList> => {
    const ours = desk?.running() ?? new Set<string>();
    const { runs } = await listRuns(dir);
    const told = runs.map((run) => {
      const isOurs = ours.has(run.name);
      const resumable = desk !== undefined && !isOurs && (run.state === 'stopped' || run.state === 'interrupted');
      return { ...run, ours: isOurs, resumable };
    });
    // A training that has only just begun has no log yet.
    const begun = [...ours].filter((name) => !runs.some((run) => run.name === name));
    const unheard = begun.map((name) => ({ ...readRunLog(name, ''), ours: true, resumable: false }));
    return { dir, runs: [...unheard, ...told], start: desk?.start ?? null, failures: desk?.failures() ?? [] };
  };
  app.get('/', async (c) => c.json(runsDir === undefined ? null : await list(runsDir), 200, fresh));
  if (runsDir === undefined) return app;

  /** The folder of the run that is asked for. */
  const found = async (c: Context): Promise<{ name: string; dir: string } | undefined> => {
    const name = c.req.param('name') ?? '';
    const dir = await runDirOf(runsDir, name);
    return dir === undefined ? undefined : { name, dir };
  };
  app.get('/:name/recipe', async (c) => {
    const run = await found(c);
    const text = run && (await readFile(join(run.dir, 'recipe.json'), 'utf8').catch(() => undefined));
    if (text === undefined) return c.notFound();
    return c.body(text, 200, { ...fresh, 'Content-Type': 'application/json' });
  });
  if (!desk) return app;

  app.post('/', async (c) => {
    const parsed = startSchema.safeParse(await c.req.json().catch(() => undefined));
    if (!parsed.success) {
      const message = 'expected {recipe, name of letters, digits, ".", "_" and "-", data, epochs}';
      return c.json({ error: { code: 'bad-run', message } }, 400);
    }
    return told(c, async () => {
      await desk.begin(parsed.data);
      return list(runsDir);
    });
  });
  app.post('/:name/stop', async (c) => {
    return told(c, async () => {
      desk.stop(c.req.param('name'));
      return list(runsDir);
    });
  });
  app.post('/:name/resume', async (c) => {
    const run = await found(c);
    if (!run) return c.notFound();
    return told(c, async () => {
      await desk.resume(run.name, run.dir);
      return list(runsDir);
    });
  });
  app.get('/:name/judgement', async (c) => {
    const run = await found(c);
    return run ? c.json(await desk.judgement(run.name, run.dir, c.req.query('again') !== undefined), 200, fresh) : c.notFound();
  });
  app.get('/:name/images/:row{\\d{1,10}}', async (c) => {
    const pixels = await desk.image(c.req.param('name'), Number(c.req.param('row')));
    if (!pixels) return c.notFound();
    return c.body(new Uint8Array(pixels), 200, { ...fresh, 'Content-Type': 'application/octet-stream' });
  });
  return app;
}

/** What a person can mend is told in its own words. */
async function told(c: Context, work: () => Promise<RunList>): Promise<Response> {
  try {
    return c.json(await work(), 200, fresh);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return c.json({ error: { code: error.code, message: error.message } }, 409);
  }
}
