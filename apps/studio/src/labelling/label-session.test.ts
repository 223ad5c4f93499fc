import type { LabelOverview, LabelRow } from '@mien/server/api';
import { afterEach, expect, test, vi } from 'vitest';
import { LabelSession } from './label-session.ts';

afterEach(() => vi.unstubAllGlobals());

const row = (id: number): LabelRow => ({ id, split: 'train', label: 'sad' });

/** A server that gives `rows` when asked, and whose model has judged `judged` rows. */
function fakeServer() {
  const server = { rows: [row(0), row(1), row(2)], judged: 0, asked: 0 };
  const overview = (): Partial<LabelOverview> => ({ judged: server.judged });
  const answers: Record<string, () => unknown> = {
    '/api/labelling': overview,
    '/api/labelling/decisions': overview,
    '/api/labelling/undo': () => ({ row: row(0), overview: overview() }),
    '/api/labelling/rows': () => {
      server.asked++;
      return server.rows;
    },
  };
  vi.stubGlobal('fetch', async (url: string) => new Response(url.includes('/images/') ? new Uint8Array(1) : JSON.stringify(answers[url]!())));
  return server;
}

function shownRow({ state }: LabelSession): number | undefined {
  return state.value.kind === 'ready' ? state.value.row?.id : undefined;
}

test('rows that the model has come to disagree with are shown before those that were fetched earlier', async () => {
  const server = fakeServer();
  const session = new LabelSession();
  await session.open();
  expect(shownRow(session)).toBe(0);
  await session.decide({ action: 'keep' });
  expect([shownRow(session), server.asked]).toEqual([1, 1]);
  Object.assign(server, { judged: 40, rows: [row(30), row(1), row(2)] });
  await session.decide({ action: 'keep' });
  expect([shownRow(session), server.asked]).toEqual([30, 2]);
});

test('a row put off does not come back with new rows, one whose decision was taken back comes first', async () => {
  const server = fakeServer();
  const session = new LabelSession();
  await session.open();
  Object.assign(server, { judged: 40 });
  await session.skip();
  expect(shownRow(session)).toBe(1);
  Object.assign(server, { judged: 80, rows: [row(30)] });
  await session.undo();
  expect(shownRow(session)).toBe(0);
  await session.decide({ action: 'keep' });
  expect(shownRow(session)).toBe(30);
});
