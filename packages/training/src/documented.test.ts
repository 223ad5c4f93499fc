/** What docs/models.md shows can be copied and run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expressions } from '@mien/runtime';
import { expect, it } from 'vitest';
import { temporaryDir } from '../test/tiny-store.ts';
import { loadAblation } from './ablation/ablation-plan.ts';
import { planNetwork } from './network-plan.ts';
import { noticesOf } from './notices.ts';
import { loadRecipe } from './recipe.ts';

const page = readFileSync(new URL('../../../docs/models.md', import.meta.url), 'utf8');
const [recipe, ablation, ...more] = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, block]) => block!);
const distill = /--set '(distill=[^']*)'/.exec(page)?.[1];

function written(text: string): string {
  const file = join(temporaryDir(), 'documented.yaml');
  writeFileSync(file, text);
  return file;
}

it('shows a recipe and an ablation', () =>
  expect([recipe, ablation, more.length, distill]).toEqual([expect.any(String), expect.any(String), 0, expect.any(String)]));

it('its recipe fits its network, with the teacher it is given too', () => {
  const loaded = loadRecipe(written(recipe!), [distill!]);
  expect(loaded.distill!.teachers).toEqual(['pair.onnx']);
  const plain = loadRecipe(written(recipe!));
  // The weights hold all but the classifier, as an import for this model does.
  const plan = planNetwork(plain, [1, 48, 48], expressions);
  const given = { source: 'init', used: 1, fresh: ['fc.weight', 'fc.bias'], origin: { name: 'x' }, checksum: '' };
  expect(noticesOf(plain, plan, given)).toEqual([]);
  expect(planNetwork(loaded, [1, 48, 48], expressions).heads.map(({ name }) => name)).toEqual(['expression']);
});

it('its ablation compares two rows', () =>
  expect(loadAblation(written(ablation!)).rows.map(({ name, against }) => [name, against])).toEqual([
    ['plain', undefined],
    ['smoothed', 'plain'],
  ]));
