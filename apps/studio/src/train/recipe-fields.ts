/** Recipes as flat lists of fields, to be compared. */

/** Values by path. */
export type Fields = ReadonlyMap<string, string>;

/** Every field of a recipe by its path, as `stages.0.batch`. */
export function flatten(value: unknown, path = ''): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[path, String(value)]];
  const entries = Object.entries(value);
  return entries.length === 0 ? [[path, '–']] : entries.flatMap(([key, inner]) => flatten(inner, path ? `${path}.${key}` : key));
}

/** Paths whose values are not the same in all recipes, in the order of the recipes. */
export function differences(recipes: readonly Fields[]): string[] {
  const paths = new Set(recipes.flatMap((fields) => [...fields.keys()]));
  return [...paths].filter((path) => new Set(recipes.map((fields) => fields.get(path))).size > 1);
}
