/** In what the recipes of several runs differ. */
import { useEffect, useState } from 'preact/hooks';
import { fetchJson } from '../fetch-json.ts';
import { strings } from '../strings.ts';
import { differences, type Fields, flatten } from './recipe-fields.ts';

const words = strings.train.differences;

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
