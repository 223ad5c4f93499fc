import type { Recogniser } from '@mien/runtime';
import { expect, test } from 'vitest';
import { ModelInUse } from './model-in-use.ts';

/** As `Promise.withResolvers`, which Node 20 lacks. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let settle!: { resolve: (value: T) => void; reject: (error: Error) => void };
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}

/** A model whose opening and releasing the test sees. */
function slowModel(name: string, released: string[]) {
  const opening = deferred<Recogniser>();
  const recogniser = { release: async () => void released.push(name) } as unknown as Recogniser;
  return { open: () => opening.promise, done: () => opening.resolve(recogniser), fail: () => opening.reject(new Error('damaged')) };
}

const nameInUse = (models: ModelInUse): Promise<string> => models.read(async ({ name }) => name);

test('the model asked for last reads, whichever is open first; what is not in use is released', async () => {
  const released: string[] = [];
  const models = new ModelInUse();
  const [large, small] = [slowModel('large', released), slowModel('small', released)];
  const loads = [models.load('large', large.open), models.load('small', small.open)];
  small.done();
  await loads[1];
  large.done();
  await Promise.all(loads);
  expect(await nameInUse(models)).toBe('small');
  expect(released).toEqual(['large']);
  const next = slowModel('next', released);
  next.done();
  await models.load('next', next.open);
  expect([await nameInUse(models), released]).toEqual(['next', ['large', 'small']]);
});

test('the old model stays open until the picture under way is read', async () => {
  const released: string[] = [];
  const models = new ModelInUse();
  const [first, second] = [slowModel('first', released), slowModel('second', released)];
  first.done();
  second.done();
  await models.load('first', first.open);
  const picture = deferred<void>();
  const reading = models.read(() => picture.promise);
  await models.load('second', second.open);
  expect([await nameInUse(models), released]).toEqual(['second', []]);
  picture.resolve();
  await reading;
  expect(released).toEqual(['first']);
});

test('a model that cannot be opened leaves the one before it in use; without any a picture is refused', async () => {
  const released: string[] = [];
  const models = new ModelInUse();
  await expect(nameInUse(models)).rejects.toThrow('before the model');
  const [good, damaged] = [slowModel('good', released), slowModel('damaged', released)];
  good.done();
  damaged.fail();
  await models.load('good', good.open);
  await expect(models.load('damaged', damaged.open)).rejects.toThrow('damaged');
  expect([await nameInUse(models), released]).toEqual(['good', []]);
});
