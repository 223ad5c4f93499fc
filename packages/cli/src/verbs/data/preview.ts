/** `mien data preview`: what training will see. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type AugmentationInput, type Mix, openStore, previewSheet, type Split } from '@mien/data';
import { UserError } from '@mien/runtime';
import type { Recipe } from '@mien/training';
import { writeAtomically } from '@mien/training/run-folder';
import { parse } from 'yaml';
import { makeRoomFor } from '../../make-room-for.ts';
import { note, parseCount } from '../../output.ts';

interface PreviewFlags {
  recipe?: string;
  stage?: string;
  augmentation?: string;
  set: string[];
  out: string;
  split?: string;
  rows: number;
  epochs: number;
  seed?: number;
}

export function addPreviewVerb(data: Command): void {
  data
    .command('preview')
    .argument('<store>', 'store made by `mien data import`')
    .description('a contact sheet: rows of the training split, each as it is and as it looks in the first epochs')
    .requiredOption('--out <png>', 'picture to write')
    .option('--recipe <name>', 'recipe, by name or as a .yaml file')
    .option('--stage <name>', 'stage of the recipe (default: its last)')
    .option('--augmentation <yaml>', 'a list of operations alone')
    .option('--set <key=value>', 'change a field of the recipe; repeatable', (value: string, before: string[]) => [...before, value], [] as string[])
    .option('--split <name>', 'split to show (default: that of the recipe, else train)')
    .option('--rows <n>', 'images shown', parseCount('--rows', 1, 200), 12)
    .option('--epochs <n>', 'looks of each', parseCount('--epochs', 1, 50), 8)
    .option('--seed <n>', 'seed (default: that of the recipe, else 1)', parseCount('--seed', 0, 2 ** 31))
    .addHelpText('after', '\n`mien train --help` names the recipes.\n\nExample:\n  mien data preview data/fer2013 --recipe mien-seresnet --out sheet.png')
    .action(async (dir: string, flags: PreviewFlags) => {
      if ((flags.recipe === undefined) === (flags.augmentation === undefined)) {
        throw new UserError('bad-option', 'expected --recipe NAME or --augmentation FILE, to show what it does');
      }
      // Loaded here, so that no other sub-command waits for the trainer.
      const training = await import('@mien/training');
      const recipe = flags.recipe === undefined ? undefined : training.loadRecipe(flags.recipe, flags.set);
      const store = await openStore(dir);
      try {
        const split = await store.split(flags.split ?? recipe?.data.train ?? 'train');
        makeRoomFor(flags.out);
        const png = await previewSheet(split, {
          ...(recipe ? seenBy(recipe, flags.stage, split, training.planNetwork) : { augmentation: readList(flags.augmentation as string) }),
          seed: flags.seed ?? recipe?.seed ?? 1,
          rows: flags.rows,
          epochs: flags.epochs,
        });
        writeAtomically(flags.out, png);
        note(`written: ${flags.out}; the first column is the image as it is, the others are epochs 1 to ${flags.epochs}`);
      } finally {
        await store.close();
      }
    });
}

type PlanNetwork = typeof import('@mien/training')['planNetwork'];

/** What a stage of a recipe does to images, and the window it cuts from them. */
function seenBy(
  recipe: Recipe,
  name: string | undefined,
  split: Split,
  planNetwork: PlanNetwork,
): { augmentation: AugmentationInput; mix?: Mix | undefined; window: [number, number] } {
  const stage = name === undefined ? recipe.stages.at(-1) : recipe.stages.find((each) => each.name === name);
  if (!stage) throw new UserError('bad-option', `--stage ${name}: the recipe has the stages ${recipe.stages.map((each) => each.name).join(', ')}`);
  const { channels, height, width } = split.image;
  const [, windowHeight, windowWidth] = planNetwork(recipe, [channels, height, width], split.labelNames).batchInput;
  return { augmentation: stage.augmentation, mix: (stage as { mix?: Mix }).mix, window: [windowHeight, windowWidth] };
}

/** A list of operations in YAML, alone or under `augmentation:`; the operations themselves are checked where they are compiled. */
function readList(file: string): AugmentationInput {
  let value: unknown;
  try {
    value = parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new UserError('bad-augmentation', `${file}: expected a list in YAML, it cannot be read (${(cause as Error).message.split('\n')[0]})`, { cause });
  }
  const list = Array.isArray(value) ? value : (value as { augmentation?: unknown } | null)?.augmentation;
  if (!Array.isArray(list))
    throw new UserError('bad-augmentation', `${file}: expected a list of operations, as \`- { op: flip }\`, alone or under augmentation:`);
  return list as AugmentationInput;
}
