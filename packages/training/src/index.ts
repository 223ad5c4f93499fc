/** @mien/training: recipes, the trainer, checkpoints, export. Node only. */

// Recipes
export { loadRecipe, type Recipe, type RecipeInput, recipeNames, recipeSchema } from './recipe.ts';
// Training
export type { EpochFigures, TrainEvent } from './events.ts';
export { train, type TrainOptions } from './train.ts';
export { isRunFolder, runFolder, writeAtomically } from './run-folder.ts';
// Files
export { decodeSafetensors, encodeSafetensors, type NamedTensor, type SafetensorsFile } from './safetensors.ts';
export { exportModel, type ExportContext, makeCard } from './export-model.ts';
