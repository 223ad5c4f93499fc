import type { Live, Mien, PersonalResult } from '@mien/web';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PersonalSession } from './personal-session.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => {
  vi.useRealTimers();
  forgotten.mockClear();
});

const forgotten = vi.fn(async () => {});

function fakeMien(train: () => Promise<PersonalResult>): Mien {
  return { trainPersonal: train, forgetRecordings: forgotten } as unknown as Mien;
}

function fakeLive(frames: number): Live {
  return { record: async () => ({ frames }) } as unknown as Live;
}

const noTraining = async (): Promise<never> => {
  throw Object.assign(new Error('one class'), { code: 'too-few-recordings' });
};

test('a recording starts when the time to get ready is over, and adds to what there was', async () => {
  const session = new PersonalSession(fakeMien(noTraining));
  session.add('thinking');
  session.add('thinking');
  const record = session.record(fakeLive(12), 'thinking');
  expect(session.state.value.work).toMatchObject({ kind: 'ready', label: 'thinking', done: 0 });
  // One thing at a time.
  await session.record(fakeLive(99), 'thinking');
  await vi.advanceTimersByTimeAsync(2100);
  await record;
  expect(session.state.value).toMatchObject({ classes: [{ label: 'thinking', frames: 12 }], work: { kind: 'idle' } });
  const more = session.record(fakeLive(5), 'thinking');
  await vi.advanceTimersByTimeAsync(2100);
  await more;
  expect(session.state.value.classes).toEqual([{ label: 'thinking', frames: 17 }]);
  session.add('laughing');
  await session.remove('thinking');
  expect(forgotten).toHaveBeenCalledExactlyOnceWith('thinking');
  expect(session.state.value.classes).toEqual([{ label: 'laughing', frames: 0 }]);
});

test('nobody in view and too little recorded are told; discarding leaves nothing', async () => {
  const session = new PersonalSession(fakeMien(noTraining));
  session.add('a');
  const record = session.record(fakeLive(0), 'a');
  await vi.advanceTimersByTimeAsync(2100);
  await record;
  expect(session.state.value.problem?.code).toBe('nobody');
  await session.train('mine');
  expect(session.state.value).toMatchObject({ problem: { code: 'too-few-recordings' }, work: { kind: 'idle' } });
  await session.discard();
  expect(forgotten).toHaveBeenCalledOnce();
  expect(session.state.value).toEqual({ classes: [], work: { kind: 'idle' } });
});
