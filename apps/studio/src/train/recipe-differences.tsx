/** In what the recipes of several runs differ. */
import { useEffect, useState } from 'preact/hooks';
import { fetchJson } from '../fetch-json.ts';
import { strings } from '../strings.ts';

const words = strings.train.differences;

type Fields = ReadonlyMap<string, string>;

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

export function RecipeDifferences({ runs }: { readonly runs: readonly string[] }) {
  const [recipes, setRecipes] = useState<ReadonlyMap<string, Fields>>(new Map());
  const key = runs.join('\n');
  useEffect(() => {
    let left = false;
    for (const run of runs.filter((name) => !recipes.has(name))) {
      fetchJson<unknown>(`/api/runs/${encodeURIComponent(run)}/recipe`).then(
        (recipe) => !left && setRecipes((before) => new Map([...before, [run, new Map(flatten(recipe))]])),
        // A run without its recipe has nothing to compare.
        () => {},
      );
    }
    return () => {
      left = true;
    };
  }, [key]);
  const known = runs.filter((run) => recipes.has(run));
  if (known.length < 2) return null;
  const paths = differences(known.map((run) => recipes.get(run)!));
  return (
    <details class="differences">
      <summary>{words.title(paths.length)}</summary>
      {paths.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
        <section class="scroll" tabIndex={0} aria-label={words.label}>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.field}</th>
                {known.map((run) => (
                  <th key={run} scope="col">
                    {run}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {paths.map((path) => (
                <tr key={path}>
                  <th scope="row">
                    <code>{path}</code>
                  </th>
                  {known.map((run) => (
                    <td key={run}>{recipes.get(run)!.get(path) ?? words.absent}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}
