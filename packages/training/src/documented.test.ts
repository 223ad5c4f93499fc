/** What docs/models.md shows can be copied and run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildNetwork } from '@mien/engine';
import { encodeSafetensors, findArchitecture } from '@mien/models';
import { expressions } from '@mien/runtime';
import { expect, it } from 'vitest';
import { temporaryDir } from '../test/tiny-store.ts';
import { loadAblation } from './ablation/ablation-plan.ts';
import { drawWeights, initialWeights } from './initial-weights.ts';
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
  const plan = planNetwork(plain, [1, 48, 48], expressions);
  // Weights as the import above it writes them: of 1000 classes, for images normalised as ImageNet's.
  const { specs } = buildNetwork(findArchitecture('resnet18')!.build({ classes: 1000, channels: 3 }), [3, 64, 64], { mode: 'infer', batch: 1 });
  const tensors = new Map([...drawWeights(specs, 1)].map(([name, data], i) => [name, { shape: specs[i]!.shape, data }]));
  const normalise = JSON.stringify({ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
  const init = join(temporaryDir(), 'init.safetensors');
  writeFileSync(init, encodeSafetensors({ tensors, metadata: { model: 'resnet18', options: '{}', licence: 'bsd-3-clause', normalise } }));
  const { report } = initialWeights(plan.network, plan.input, { ...plain, init });
  expect(report!.fresh).toEqual(['fc.weight', 'fc.bias']);
  expect(noticesOf(plain, plan, report)).toEqual([]);
  expect(planNetwork(loaded, [1, 48, 48], expressions).heads.map(({ name }) => name)).toEqual(['expression']);
});

it('its ablation compares two rows', () =>
  expect(loadAblation(written(ablation!)).rows.map(({ name, against }) => [name, against])).toEqual([
    ['plain', undefined],
    ['smoothed', 'plain'],
  ]));
