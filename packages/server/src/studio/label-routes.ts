/** `/api/labelling`: rows to label, their pictures, decisions. */
import { UserError } from '@mien/runtime';
import { Hono } from 'hono';
import { z } from 'zod';
import type { LabelDesk } from './label-desk.ts';
import { ownPageOnly, smallBodies } from './own-page-only.ts';

const rowsAtOnce = 50;
const decisionSchema = z.union([
  z.object({ id: z.number().int().nonnegative(), action: z.enum(['keep', 'drop']) }),
  z.object({ id: z.number().int().nonnegative(), action: z.literal('relabel'), to: z.string().min(1) }),
]);
const fresh = { 'Cache-Control': 'no-store' };

/** `desk` undefined: the studio was opened without a store, `GET /` says null. */
export function labelRoutes(desk: LabelDesk | undefined): Hono {
  const app = new Hono();
  app.use(ownPageOnly(), smallBodies());
  app.get('/', (c) => c.json(desk?.overview() ?? null, 200, fresh));
  if (!desk) return app;

  app.get('/rows', (c) => c.json(desk.next(rowsAtOnce), 200, fresh));
  app.get('/images/:id{\\d{1,10}}', async (c) => {
    const pixels = await desk.image(Number(c.req.param('id')));
    if (!pixels) return c.notFound();
    return c.body(new Uint8Array(pixels), 200, { ...fresh, 'Content-Type': 'application/octet-stream' });
  });
  app.post('/decisions', async (c) => {
    const parsed = decisionSchema.safeParse(await c.req.json().catch(() => undefined));
    if (!parsed.success) return c.json({ error: { code: 'bad-decision', message: 'expected {id, action: keep, drop or relabel, to}' } }, 400);
    try {
      await desk.decide(parsed.data);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return c.json({ error: { code: error.code, message: error.message } }, 409);
    }
    return c.json(desk.overview(), 200, fresh);
  });
  app.post('/undo', async (c) => {
    const row = await desk.undo();
    return c.json({ row: row ?? null, overview: desk.overview() }, 200, fresh);
  });
  return app;
}
