/** The trainings beside each other: where they stand, the best so far, and which are drawn. */
import type { RunList, TrainingRun } from '@mien/server/api';
import { useState } from 'preact/hooks';
import { finePercent } from '../format.ts';
import { strings } from '../strings.ts';
import { resumeRun, stopRun } from './change-runs.ts';
import { lineLook } from './line-look.ts';

const words = strings.train;

export function bestOf({ epochs }: TrainingRun): TrainingRun['epochs'][number] | undefined {
  return epochs.reduce<TrainingRun['epochs'][number] | undefined>(
    (best, each) => (!best || each.validationAccuracy > best.validationAccuracy ? each : best),
    undefined,
  );
}

/** A run's line, as it is drawn in the curves. */
export function LineSample({ place }: { readonly place: number | undefined }) {
  const look = place === undefined ? undefined : lineLook(place);
  return (
    <svg width="28" height="10" aria-hidden="true">
      {look && <line class={look.style} x1="0" y1="5" x2="28" y2="5" stroke="currentColor" stroke-width="3" stroke-dasharray={look.dash} />}
    </svg>
  );
}

interface RowProps {
  readonly run: TrainingRun;
  /** Its place among the runs that are drawn; undefined: it is not drawn. */
  readonly place: number | undefined;
  readonly stopping: boolean;
  readonly onToggle: () => void;
  readonly onStop: () => void;
  readonly onResume: () => void;
}

function RunRow({ run, place, stopping, onToggle, onStop, onResume }: RowProps) {
  const best = bestOf(run);
  const { name, step, state, epochs, plannedEpochs, ours, resumable } = run;
  return (
    <tr>
      <th scope="row">
        <label>
          <input type="checkbox" checked={place !== undefined} onChange={onToggle} />
          <LineSample place={place} />
          {name}
        </label>
      </th>
      <td>{ours && state !== 'running' ? words.starting : words.states[state]}</td>
      <td>{words.epoch(epochs.length, plannedEpochs)}</td>
      <td class="number">{best ? words.best(finePercent(best.validationAccuracy), best.epoch) : words.noEpoch}</td>
      <td class="number">{state === 'running' && step ? words.rate(step.imagesPerSecond, step.secondsLeft) : ''}</td>
      <td>
        {ours && (
          <button type="button" disabled={stopping} aria-label={words.stopNamed(name)} onClick={onStop}>
            {stopping ? words.stopping : words.stop}
          </button>
        )}
        {resumable && (
          <button type="button" aria-label={words.resumeNamed(name)} onClick={onResume}>
            {words.resume}
          </button>
        )}
      </td>
    </tr>
  );
}

export interface RunTableProps {
  readonly runs: readonly TrainingRun[];
  readonly shown: readonly TrainingRun[];
  readonly onToggle: (name: string) => void;
  readonly onTold: (list: RunList) => void;
}

export function RunTable({ runs, shown, onToggle, onTold }: RunTableProps) {
  const [stopping, setStopping] = useState<ReadonlySet<string>>(new Set());
  const [failed, setFailed] = useState<string>();
  const notStopping = (name: string): void => setStopping((before) => new Set([...before].filter((each) => each !== name)));
  /** Resolves to whether it was done; `failed` tells why not. */
  const change = async (asked: Promise<RunList>): Promise<boolean> => {
    setFailed(undefined);
    try {
      onTold(await asked);
      return true;
    } catch (error) {
      setFailed((error as Error).message);
      return false;
    }
  };
  const stop = async (name: string): Promise<void> => {
    setStopping((before) => new Set([...before, name]));
    // One that was not stopped goes on and can be asked again.
    if (!(await change(stopRun(name)))) notStopping(name);
  };
  const resume = (name: string): void => {
    notStopping(name);
    void change(resumeRun(name));
  };
  return (
    <>
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
              <th scope="col">
                <span class="heard-only">{words.actions}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <RunRow
                key={run.name}
                run={run}
                place={shown.includes(run) ? shown.indexOf(run) : undefined}
                stopping={stopping.has(run.name)}
                onToggle={() => onToggle(run.name)}
                onStop={() => void stop(run.name)}
                onResume={() => resume(run.name)}
              />
            ))}
          </tbody>
        </table>
      </section>
      {failed && <p role="alert">{failed}</p>}
    </>
  );
}
