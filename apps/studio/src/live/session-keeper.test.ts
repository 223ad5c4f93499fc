import { expect, test } from 'vitest';
import type { DrawOptions } from './draw-look.ts';
import type { Look } from './look.ts';
import { SessionKeeper } from './session-keeper.ts';

const look = (time: number): Look => ({ faces: [], frame: { time, width: 640, height: 480, workMs: 1, latencyMs: 2 } });
const picture = {} as CanvasImageSource;
const drawing = {} as DrawOptions;

test('what was recorded stays when the camera goes, until the next recording begins', async () => {
  const keeper = new SessionKeeper();
  keeper.add(look(1), picture, drawing);
  expect(keeper.state.value).toEqual({ kind: 'none' });
  keeper.begin({ model: 'mine', labels: ['happy', 'sad'] });
  keeper.add(look(2), picture, drawing);
  keeper.add(look(3), picture, drawing);
  await keeper.end();
  const kept = keeper.state.value;
  expect(kept).toMatchObject({ kind: 'kept', labels: ['happy', 'sad'] });
  expect(kept.kind === 'kept' && kept.session.looks.map(({ seconds }) => seconds)).toEqual([0, 1]);
  expect(kept.kind === 'kept' && kept.session.about).toMatchObject({ model: 'mine', recordedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) });
  await keeper.end();
  keeper.add(look(4), picture, drawing);
  expect(keeper.state.value).toBe(kept);
  keeper.begin({ model: 'mine', labels: ['happy', 'sad'] });
  await keeper.end();
  expect(keeper.state.value).toEqual({ kind: 'none' });
});
