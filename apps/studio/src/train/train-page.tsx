/** The page "Train": trainings started and followed, beside each other, and what they get wrong. */
import type { RunList } from '@mien/server/api';
import { useState } from 'preact/hooks';
import { finePercent } from '../format.ts';
import { WarningIcon } from '../icons.tsx';
import { strings } from '../strings.ts';
import { Curves } from './curves.tsx';
import { RecipeDifferences } from './recipe-differences.tsx';
import { RunJudgementPanel } from './run-judgement.tsx';
import { RunTable } from './run-table.tsx';
import { StartForm } from './start-form.tsx';
import { useRuns } from './use-runs.ts';
import '../styles/train.css';

const words = strings.train;
/** More runs than this beside each other cannot be looked into at a glance. */
const mostJudged = 4;

function Nothing({ list }: { readonly list: RunList | null }) {
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

function Comparison({ list, onTold }: { readonly list: RunList; readonly onTold: (list: RunList) => void }) {
  // Unticked by a person; every run is drawn otherwise.
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const shown = list.runs.filter(({ name }) => !hidden.has(name));
  // One that has said nothing yet has no recipe on disk either.
  const begun = shown.filter(({ plannedEpochs }) => plannedEpochs !== null);
  const toggle = (name: string): void => setHidden(new Set(hidden.has(name) ? [...hidden].filter((each) => each !== name) : [...hidden, name]));
  return (
    <>
      <RunTable runs={list.runs} shown={shown} onToggle={toggle} onTold={onTold} />
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
      {shown.length > 1 && <RecipeDifferences runs={begun.map(({ name }) => name)} />}
      {list.start ? (
        <div class="judgements">
          {shown.slice(0, mostJudged).map(({ name }, place) => (
            <RunJudgementPanel key={name} run={name} place={place} />
          ))}
        </div>
      ) : (
        <p class="live-rate">{words.judgement.none}</p>
      )}
      {shown.length > mostJudged && list.start && <p class="live-rate">{words.judgement.most(mostJudged)}</p>}
    </>
  );
}

export function TrainPage() {
  const { list, failed, told } = useRuns();
  if (list === undefined) return failed ? <p role="alert">{failed}</p> : <progress aria-label={words.loading} />;
  const empty = list === null || list.runs.length === 0;
  return (
    <div class="train-page">
      <h1 class="train-title">{words.title}</h1>
      {failed && <p role="alert">{failed}</p>}
      {list?.failures.map(({ name, message }) => (
        <p key={name} role="alert" class="run-failed">
          {words.runFailed(name, message)}
        </p>
      ))}
      {empty ? <Nothing list={list} /> : <Comparison list={list} onTold={told} />}
      {list?.start && <StartForm key={String(empty)} dir={list.dir} offer={list.start} first={empty} onTold={told} />}
    </div>
  );
}
