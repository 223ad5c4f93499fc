/** What a stage that learns without labels needs, checked before anything is trained. */
import { UserError } from '@mien/runtime';
import type { Recipe, Stage } from '../recipe-schema.ts';
import type { TrainingRows } from '../rows.ts';
import { thresholdsOf } from './pseudo-labels.ts';

/** The surest a network can be that is taught labels smoothed by ε over K classes. */
function surest(smoothing: number, classes: number): number {
  return 1 - smoothing + smoothing / classes;
}

/** Throws `UserError` naming the field. `where` names recipe and stage. */
export function checkSemi(recipe: Recipe, index: number, rows: TrainingRows, where: string): void {
  const stage = recipe.stages[index]!;
  if (!stage.consistency && !stage.pseudo) return;
  const fail = (what: string): UserError => new UserError('bad-recipe', `${where}: ${what}`);
  const field = stage.consistency ? 'consistency' : 'pseudo';
  if (rows.unlabelledRows.length === 0)
    throw fail(
      recipe.data.apart
        ? `${field} learns from rows without labels, and data.apart leaves none; take one of them out`
        : `${field} learns from rows without labels, and there are none; set data.labelled, as 0.1, or data.unlabelled to the name of a split`,
    );
  if (stage.consistency && stage.pseudo) throw fail('consistency and pseudo are two ways of one thing; use them in different stages');
  if (stage.consistency) checkConsistency(recipe, stage, rows, fail);
  if (stage.pseudo) {
    thresholdsOf(stage.pseudo.threshold, rows.train.labelNames);
    if (index === 0 && !stage.pseudo.models) throw fail('pseudo needs a model to ask: put a stage without it first, or name pseudo.models');
  }
}

function checkConsistency(recipe: Recipe, stage: Stage, { unlabelledRows, train }: TrainingRows, fail: (what: string) => UserError): void {
  const { ratio, threshold } = stage.consistency!;
  if (stage.mix) throw fail('consistency and mix cannot be used together: mixing would blend labelled images with unlabelled ones; leave mix out');
  if (recipe.distill) throw fail('consistency and distill cannot be used together; leave one of them out');
  if (unlabelledRows.length < ratio * stage.batch)
    throw fail(
      `consistency.ratio ${ratio} asks for ${ratio * stage.batch} unlabelled images a step, there are ${unlabelledRows.length}; set a smaller batch or ratio`,
    );
  const most = surest(stage.loss.labelSmoothing, train.labelNames.length);
  if (threshold >= most)
    throw fail(
      `consistency.threshold ${threshold} lies above ${most.toFixed(3)}, which is as sure as a network gets with loss.labelSmoothing ${stage.loss.labelSmoothing}: nothing unlabelled would ever be learnt; set labelSmoothing=0 or a lower threshold`,
    );
}
