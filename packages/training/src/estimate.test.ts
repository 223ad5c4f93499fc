/** `mien train --dry-run`: what is told while it measures, and what it counts. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tinyRecipe } from '../test/tiny-model.ts';
import { temporaryDir, writeTinyStore } from '../test/tiny-store.ts';
import { type EstimateProgress, estimateTraining } from './estimate.ts';
import { checkRecipe } from './recipe.ts';
import type { RecipeInput } from './recipe-schema.ts';

async function estimate(changes: Partial<RecipeInput>) {
  const data = writeTinyStore(join(temporaryDir(), 'store'));
  const fields = { ...tinyRecipe, epochs: 1, batch: 8, data: { validation: { split: 'val' } }, optimizer: { kind: 'adam', learningRate: 0.01 }, ...changes };
  const told: EstimateProgress[] = [];
  const found = await estimateTraining({ recipe: checkRecipe(fields, 'test'), data, threads: 1, onProgress: (each) => told.push(each) });
  return { found, told };
}

describe('the estimate of a training', () => {
  it('tells every stage as it is built and measured, counts kept features, and warns of frozen noise', async () => {
    const { found, told } = await estimate({ stages: [{ name: 'head', trainable: ['classifier'] }, { name: 'all' }] });
    expect(told.map(({ stage, stages, name, doing, done, total }) => `${stage}/${stages} ${name} ${doing} ${done}/${total}`)).toEqual(
      ['1/2 head', '2/2 all'].flatMap((stage) => [
        `${stage} building 0/3`,
        ...[0, 1, 2, 3].map((done) => `${stage} measuring ${done}/3`),
        `${stage} validating 3/3`,
      ]),
    );
    expect(found.notices).toEqual([expect.stringMatching(/^stage head freezes \d+ of \d+ layers that nothing has trained/)]);
    // 16 features of each of 32 rows.
    expect(found.stages.map((stage) => stage.featureBytes)).toEqual([4 * 32 * 16, 0]);
    // At least this very process, with ONNX Runtime in it.
    expect(found.peakBytes).toBeGreaterThan(5e7);
    expect(found.peakBytes).toBeLessThan(found.machineBytes);
  });
});
