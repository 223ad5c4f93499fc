/** Fields of a recipe given other values, by hand or by the rows of an ablation. */
import { UserError } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { type Fields, parseAssignment, setField } from './set-field.ts';

const recipe = (): Fields => ({
  name: 'usual',
  augmentation: [{ op: 'flip' }],
  stages: [
    { name: 'head', epochs: 1 },
    { name: 'all', epochs: 2 },
  ],
});

function set(...assignments: string[]): Fields {
  const target = recipe();
  for (const assignment of assignments) setField(target, parseAssignment(assignment));
  return target;
}

describe('lists', () => {
  it('take an item, a field of one, one more, or a list in their place', () => {
    expect(set('augmentation.0={ op: crop }').augmentation).toEqual([{ op: 'crop' }]);
    expect(set('augmentation.0.probability=0.2').augmentation).toEqual([{ op: 'flip', probability: 0.2 }]);
    expect(set('augmentation.1={ op: crop }').augmentation).toEqual([{ op: 'flip' }, { op: 'crop' }]);
    expect(set('augmentation=[]', 'augmentation.0={ op: crop }').augmentation).toEqual([{ op: 'crop' }]);
  });

  it.each([
    ['stages.9={ epochs: 1 }', 'the list has items 0…1, not 9; give the number of an item, 2 for one more, or the whole list'],
    ['stages.9.epochs=1', 'the list has items 0…1, not 9; give the number of an item, 2 for one more, or the whole list'],
    ['stages.head=3', 'the list has items 0…1, not head; give the number of an item, 2 for one more, or the whole list'],
    ['augmentation.flip=false', 'the list has items 0, not flip; give the number of an item, 1 for one more, or the whole list'],
    ['augmentation.length=0', 'the list has items 0, not length; give the number of an item, 1 for one more, or the whole list'],
    ['augmentation.length.x=0', 'the list has items 0, not length; give the number of an item, 1 for one more, or the whole list'],
  ])('refuse %s', (assignment, why) => {
    expect(() => set(assignment)).toThrow(new UserError('bad-set', `--set ${assignment}: ${why}`));
  });
});

it("a recipe's name is its own, whatever its stages are called", () => {
  const target = recipe();
  expect(setField(target, parseAssignment('name=mine'))).toBeUndefined();
  expect(target).toEqual({ ...recipe(), name: 'mine' });
  expect(() => set('epochs=3')).toThrow(/every stage of this recipe gives its own epochs; set stages\.0\.epochs and so on/);
});
