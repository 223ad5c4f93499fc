/** A training started from the page. */
import type { RunList } from '@mien/server/api';
import { useState } from 'preact/hooks';
import { strings } from '../strings.ts';
import { startRun } from './change-runs.ts';

const words = strings.train.start;

export interface StartFormProps {
  readonly dir: string;
  readonly offer: NonNullable<RunList['start']>;
  /** Nothing else is on the page yet. */
  readonly first: boolean;
  readonly onTold: (list: RunList) => void;
}

export function StartForm({ dir, offer: { recipes, data: known }, first, onTold }: StartFormProps) {
  const [recipe, setRecipe] = useState(recipes.find((name) => name === 'mien-seresnet') ?? recipes[0] ?? '');
  const [name, setName] = useState('');
  const [data, setData] = useState(known ?? '');
  const [epochs, setEpochs] = useState('');
  const [failed, setFailed] = useState<string>();
  const [busy, setBusy] = useState(false);
  const start = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFailed(undefined);
    try {
      onTold(await startRun({ recipe, name: name.trim(), data: data.trim(), ...(epochs ? { epochs: Number(epochs) } : {}) }));
      setName('');
    } catch (error) {
      setFailed((error as Error).message);
    }
    setBusy(false);
  };
  return (
    <details class="start-run" open={first}>
      <summary>{words.title}</summary>
      <form onSubmit={(event) => void start(event)}>
        <label>
          {words.recipe}
          <select value={recipe} onChange={({ currentTarget }) => setRecipe(currentTarget.value)}>
            {recipes.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <label>
          {words.data}
          <input required value={data} placeholder={words.dataExample} onInput={({ currentTarget }) => setData(currentTarget.value)} />
        </label>
        <label>
          {words.name}
          <input
            required
            value={name}
            pattern="[A-Za-z0-9_][A-Za-z0-9_.\-]*"
            title={words.nameRule}
            placeholder={words.nameExample}
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </label>
        <label>
          {words.epochs}
          <input
            type="number"
            min={1}
            max={10000}
            value={epochs}
            placeholder={words.epochsDefault}
            onInput={({ currentTarget }) => setEpochs(currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary" disabled={busy}>
          {words.start}
        </button>
      </form>
      {failed && <p role="alert">{failed}</p>}
      <p class="live-rate">{words.note(dir)}</p>
    </details>
  );
}
