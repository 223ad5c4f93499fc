import type { MienFace } from '@mien/web';
import { expect, test } from 'vitest';
import { History } from './history.ts';
import type { Look } from './look.ts';
import { RecordedSession, sessionCsv, sessionJson } from './recorded-session.ts';

function look(time: number, ids: readonly number[] = [1], unseenSeconds = 0): Look {
  const faces = ids.map(
    (id): MienFace => ({
      id,
      box: { x: 1, y: 2, width: 3, height: 4 },
      detection: 1,
      expression: 'happy',
      probabilities: { happy: 0.75, sad: 0.25 },
      unsure: false,
      unseenSeconds,
    }),
  );
  return { faces, frame: { time, width: 640, height: 480, workMs: 1, latencyMs: 2 } };
}

test('the last minute is kept, at most ten moments a second, and a clock that jumps back starts afresh', () => {
  const history = new History(60);
  for (let frame = 0; frame < 30 * 90; frame++) history.add(look(frame / 30));
  expect(history.moments.at(-1)!.time).toBeGreaterThan(89.8);
  expect(history.moments[0]!.time).toBeGreaterThanOrEqual(history.moments.at(-1)!.time - 60);
  expect(history.moments.length).toBeLessThanOrEqual(601);
  expect(history.moments.length).toBeGreaterThan(400);
  history.add(look(3));
  expect(history.moments).toHaveLength(1);
});

test('a face that is out of view is neither in the timeline nor in the recording', () => {
  const history = new History(60);
  history.add(look(0, [1], 0.5));
  expect([...history.moments[0]!.faces]).toEqual([]);
  const session = new RecordedSession();
  session.add(look(0, [1], 0.5));
  expect(session.looks).toEqual([{ seconds: 0, faces: [] }]);
});

test('a session becomes a csv with one row a face and JSON that reads back', () => {
  const session = new RecordedSession({ about: { model: 'mine' } });
  session.add(look(100, []));
  session.add(look(100.5, [1, 2]));
  expect(sessionCsv(session.looks, ['happy', 'sad']).split('\r\n')).toEqual([
    'seconds,face,x,y,box_width,box_height,expression,unsure,happy,sad',
    '0,,,,,,,,,',
    '0.5,1,1,2,3,4,happy,false,0.75,0.25',
    '0.5,2,1,2,3,4,happy,false,0.75,0.25',
    '',
  ]);
  expect(JSON.parse(sessionJson(session))).toEqual({ model: 'mine', looks: session.looks });
});
