/** The page "Train": the trainings of a folder as they go on, and beside each other. */
import type { RunList, TrainingRun } from '@mien/server/api';
import { useEffect, useState } from 'preact/hooks';
import { fetchJson } from '../fetch-json.ts';
import { finePercent } from '../format.ts';
import { WarningIcon } from '../icons.tsx';
import { strings } from '../strings.ts';
import { Curves } from './curves.tsx';
import { lineLook } from './line-look.ts';
import '../styles/train.css';

const words = strings.train;
const pollMs = 2000;

type RunsState = { readonly list?: RunList | null; readonly failed?: string };

/** Asks again and again while the page is open and visible. */
function useRuns(): RunsState {
  const [state, setState] = useState<RunsState>({});
  useEffect(() => {
    let left = false;
    const ask = async (): Promise<void> => {
      if (document.hidden) return;
      try {
        const list = await fetchJson<RunList | null>('/api/runs');
        if (!left) setState({ list });
      } catch (error) {
        if (!left) setState((before) => ({ ...before, failed: (error as Error).message }));
      }
    };
    void ask();
    const timer = setInterval(() => void ask(), pollMs);
    return () => {
      left = true;
      clearInterval(timer);
    };
  }, []);
  return state;
}

function bestOf({ epochs }: TrainingRun): TrainingRun['epochs'][number] | undefined {
  return epochs.reduce<TrainingRun['epochs'][number] | undefined>(
    (best, each) => (!best || each.validationAccuracy > best.validationAccuracy ? each : best),
    undefined,
  );
}

interface RowProps {
  readonly run: TrainingRun;
  /** Its place among the runs that are drawn; undefined: it is not drawn. */
  readonly place: number | undefined;
  readonly onToggle: () => void;
}

function RunRow({ run, place, onToggle }: RowProps) {
  const best = bestOf(run);
  const { step, state, epochs, plannedEpochs } = run;
  const look = place === undefined ? undefined : lineLook(place);
  return (
    <tr>
      <th scope="row">
        <label>
          <input type="checkbox" checked={place !== undefined} onChange={onToggle} />
          <svg width="28" height="10" aria-hidden="true">
            {look && <line x1="0" y1="5" x2="28" y2="5" stroke={look.colour} stroke-width="3" stroke-dasharray={look.dash} />}
          </svg>
          {run.name}
        </label>
      </th>
      <td>{words.states[state]}</td>
      <td>{words.epoch(epochs.length, plannedEpochs)}</td>
      <td class="number">{best ? words.best(finePercent(best.validationAccuracy), best.epoch) : words.noEpoch}</td>
      <td class="number">{state === 'running' && step ? words.rate(step.imagesPerSecond, step.secondsLeft) : ''}</td>
    </tr>
  );
}

export function TrainPage() {
  const { list, failed } = useRuns();
  // Unticked by a person; every run is drawn otherwise.
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  if (list === undefined) return failed ? <p role="alert">{failed}</p> : <progress aria-label={words.loading} />;
  if (list === null || list.runs.length === 0) {
    return (
      <section class="notice" role="status">
        <WarningIcon />
        <div>
          <h2>{words.noneTitle}</h2>
          <p>{list ? words.noneInFolder(list.dir) : words.none}</p>
          {words.noneCommands.map((command) => (
            <code key={command}>{command}</code>
          ))}
        </div>
      </section>
    );
  }
  const shown = list.runs.filter(({ name }) => !hidden.has(name));
  const toggle = (name: string): void => setHidden(new Set(hidden.has(name) ? [...hidden].filter((each) => each !== name) : [...hidden, name]));
  return (
    <div class="train-page">
      <h1 class="train-title">{words.title}</h1>
      {failed && <p role="alert">{failed}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <section class="scroll" tabIndex={0} aria-label={words.title}>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.run}</th>
              <th scope="col">{words.state}</th>
              <th scope="col">{words.epochs}</th>
              <th scope="col">{words.bestHead}</th>
              <th scope="col">{words.rateHead}</th>
            </tr>
          </thead>
          <tbody>
            {list.runs.map((run) => (
              <RunRow key={run.name} run={run} place={hidden.has(run.name) ? undefined : shown.indexOf(run)} onToggle={() => toggle(run.name)} />
            ))}
          </tbody>
        </table>
      </section>
      <div class="curve-pair">
        <Curves title={words.accuracy} runs={shown} figureOf={(epoch) => epoch.validationAccuracy} format={finePercent} />
        <Curves title={words.loss} runs={shown} figureOf={(epoch) => epoch.validationLoss} format={(value) => value.toFixed(2)} />
      </div>
      {shown.length === 1 && (
        <div class="curve-pair">
          <Curves title={words.trainAccuracy} runs={shown} figureOf={(epoch) => epoch.trainAccuracy} format={finePercent} />
          <Curves title={words.trainLoss} runs={shown} figureOf={(epoch) => epoch.trainLoss} format={(value) => value.toFixed(2)} />
        </div>
      )}
    </div>
  );
}
