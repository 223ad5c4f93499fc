import type { VNode } from 'preact';
import { expect, test, vi } from 'vitest';
import { FaceChooser } from './face-chooser.tsx';

/** What is drawn, from the outside in, without a page. */
function all(node: unknown): VNode<Record<string, unknown>>[] {
  if (Array.isArray(node)) return node.flatMap(all);
  if (typeof node !== 'object' || node === null) return [];
  const element = node as VNode<Record<string, unknown>>;
  return [element, ...all(element.props.children)];
}

const ids = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

test('few faces are buttons, many a list, and none is left out', () => {
  const onFollow = vi.fn();
  const few = all(FaceChooser({ faces: ids(12), followed: 2, onFollow }));
  const buttons = few.filter(({ type }) => type === 'button');
  expect(buttons.map(({ props }) => props['aria-pressed'])).toEqual(ids(12).map((id) => id === 2));
  (buttons[4]!.props.onClick as () => void)();
  expect(onFollow).toHaveBeenLastCalledWith(5);
  const many = all(FaceChooser({ faces: ids(300), followed: 2, onFollow }));
  expect(many.filter(({ type }) => type === 'option').map(({ props }) => props.value)).toEqual(ids(300));
  const select = many.find(({ type }) => type === 'select')!;
  expect(select.props.value).toBe(2);
  (select.props.onChange as (event: unknown) => void)({ currentTarget: { value: '299' } });
  expect(onFollow).toHaveBeenLastCalledWith(299);
});
