/** Which weights of a network a stage trains, and how: names are matched by prefixes cut at dots. */
import { UserError } from '@mien/runtime';
import type { OptimizerRecipe, Stage } from './recipe-schema.ts';

/** True where `name` is `prefix` or lies within it: `layer1` holds `layer1.0.conv1.weight`, not `layer10.weight`. */
export function isWithin(name: string, prefix: string): boolean {
  return name === prefix || name.startsWith(`${prefix}.`);
}

/** Length of the longest prefix that holds the name; −1 where none does. */
function longestMatch(name: string, prefixes: readonly string[]): number {
  return prefixes.reduce((longest, prefix) => (isWithin(name, prefix) ? Math.max(longest, prefix.length) : longest), -1);
}

/** Says for each weight whether the stage leaves it as it is: the longer of the matches in `trainable` and `frozen` counts. */
export function frozenIn({ trainable, frozen }: Pick<Stage, 'trainable' | 'frozen'>): (name: string) => boolean {
  return (name) => {
    const learns = longestMatch(name, trainable);
    const rests = longestMatch(name, frozen);
    return learns === rests ? trainable.length > 0 : rests > learns;
  };
}

/**
 * Looks for mistakes in a stage's lists against the network's trainable weights.
 * @throws UserError `no-such-weight` for a prefix that holds no weight, `all-frozen` when nothing is left to train.
 */
export function checkWeightGroups(stage: Stage, names: readonly string[], where: string): void {
  const prefixes = [...stage.trainable, ...stage.frozen, ...stage.optimizer.groups.flatMap((group) => group.match)];
  for (const prefix of prefixes) {
    if (names.some((name) => isWithin(name, prefix))) continue;
    const parts = [...new Set(names.map((name) => name.split('.')[0]!))];
    throw new UserError('no-such-weight', `${where}: no weight is named ${prefix} or ${prefix}.…; the network's parts are ${parts.join(', ')}`);
  }
  if (names.every(frozenIn(stage))) {
    throw new UserError(
      'all-frozen',
      `${where}: the stage freezes all ${names.length} weights, nothing is left to train; name the parts that learn in trainable, as the classifier`,
    );
  }
}

/** Factor of the learning rate and weight decay of one weight, by the optimiser's groups; the last that matches counts. */
export function groupOf(optimizer: OptimizerRecipe, name: string): { readonly learningRateFactor: number; readonly weightDecay: number } {
  const group = optimizer.groups.findLast((each) => each.match.some((prefix) => isWithin(name, prefix)));
  return { learningRateFactor: group?.learningRateFactor ?? 1, weightDecay: group?.weightDecay ?? optimizer.weightDecay };
}
