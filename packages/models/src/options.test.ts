import { UserError } from '@mien/runtime';
import fc from 'fast-check';
import { expect, expectTypeOf, it } from 'vitest';
import { describeValues, type OptionSpecs, readOptions } from './options.ts';

const specs = {
  width: { kind: 'number', default: 1, min: 0.125, max: 4, help: '' },
  blocks: { kind: 'integer', default: 2, min: 1, max: 8, help: '' },
  dim: { kind: 'integer', default: 64, min: 8, max: 512, multipleOf: 8, help: '' },
  where: { kind: 'choice', default: 'none', choices: ['none', 'after-base'], help: '' },
  kernel: { kind: 'choice', default: 7, choices: [3, 7], help: '' },
  gated: { kind: 'flag', default: true, help: '' },
  widths: { kind: 'sizes', default: '16-32', min: 16, max: 64, multipleOf: 16, help: '' },
} as const satisfies OptionSpecs;
const read = (given: Record<string, unknown>) => readOptions(specs, given, 'net');

it('fills in defaults and reads sizes into numbers', () => {
  const values = read({});
  expect(values).toEqual({ width: 1, blocks: 2, dim: 64, where: 'none', kernel: 7, gated: true, widths: [16, 32] });
  expectTypeOf(values.where).toEqualTypeOf<'none' | 'after-base'>();
  expectTypeOf(values.gated).toEqualTypeOf<boolean>();
  expectTypeOf(values.widths).toEqualTypeOf<readonly number[]>();
  expect(read({ widths: '16-32-48', where: 'after-base', kernel: 3, gated: false, width: 0.5 })).toMatchObject({
    widths: [16, 32, 48],
    kernel: 3,
    gated: false,
  });
  expect(read({ widths: 48 }).widths).toEqual([48]);
  expect(read({ blocks: undefined }).blocks).toBe(2);
});

it.each([
  [{ width: 5 }, 'model net: option width: expected a number from 0.125 to 4, got 5'],
  [{ width: Number.NaN }, 'option width'],
  [{ width: '1' }, 'got "1"'],
  [{ blocks: 1.5 }, 'option blocks: expected a whole number from 1 to 8, got 1.5'],
  [{ dim: 12 }, 'option dim: expected a whole number from 8 to 512, a multiple of 8, got 12'],
  [{ where: 'before' }, 'option where: expected one of none, after-base, got "before"'],
  [{ kernel: '3' }, 'option kernel: expected one of 3, 7, got "3"'],
  [{ gated: 'yes' }, 'option gated: expected true or false, got "yes"'],
  [{ widths: '16-20' }, 'option widths: expected whole numbers from 16 to 64 joined by dashes, as 16-32, each a multiple of 16, got "16-20"'],
  [{ widths: '' }, 'option widths'],
  [{ widths: [16, 32] }, 'option widths'],
  [{ wdith: 1 }, 'model net: there is no option wdith; there are width, blocks, dim, where, kernel, gated, widths'],
  [{ __proto__: null, constructor: 1 }, 'there is no option constructor'],
])('%j is refused: %s', (given, message) => {
  expect(() => read(given)).toThrow(UserError);
  expect(() => read(given)).toThrow(message);
});

it('an architecture without options says so', () => {
  expect(() => readOptions({}, { width: 1 }, 'net')).toThrow('there is no option width; it has none');
});

it('whatever comes, it is taken as it is or refused with a UserError', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(specs)), fc.anything(), (name, value) => {
      try {
        const read1 = (read({ [name]: value }) as Record<string, unknown>)[name];
        // Nothing given means the default.
        if (value === undefined || value === null) return;
        if (name === 'widths') expect(String(value)).toBe((read1 as number[]).join('-'));
        else expect(read1).toBe(value);
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }),
  );
});

it('says what every kind takes', () => {
  expect(Object.values(specs).map(describeValues)).toEqual([
    'a number from 0.125 to 4',
    'a whole number from 1 to 8',
    'a whole number from 8 to 512, a multiple of 8',
    'one of none, after-base',
    'one of 3, 7',
    'true or false',
    'whole numbers from 16 to 64 joined by dashes, as 16-32, each a multiple of 16',
  ]);
});
