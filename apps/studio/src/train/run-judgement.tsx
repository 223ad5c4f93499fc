/** What the best model of a run gets wrong: confusion matrix and pictures. */
import type { RunJudgement, RunMistake } from '@mien/server/api';
import { useEffect, useState } from 'preact/hooks';
import { ConfusionMatrix } from '../confusion-matrix.tsx';
import { fetchJson } from '../fetch-json.ts';
import { count, finePercent, percent } from '../format.ts';
import { RowPicture } from '../labelling/row-picture.tsx';
import { strings } from '../strings.ts';
import { LineSample } from './run-table.tsx';

const words = strings.train.judgement;
const pollMs = 1000;
const shownMistakes = 12;

type Done = Extract<RunJudgement, { state: 'done' }>;

const nameOf = (label: string): string => strings.expressions[label] ?? label;
const address = (run: string): string => `/api/runs/${encodeURIComponent(run)}`;

/** The judgement, followed until it is done; `ask` begins it. */
function useJudgement(run: string): { judgement?: RunJudgement; failed?: string; ask: (again: boolean) => void } {
  const [state, setState] = useState<{ judgement?: RunJudgement; failed?: string }>({});
  const [asked, setAsked] = useState<{ readonly again: boolean }>();
  useEffect(() => {
    if (!asked) return;
    let left = false;
    let timer: ReturnType<typeof setTimeout>;
    const follow = async (again: boolean): Promise<void> => {
      try {
        const judgement = await fetchJson<RunJudgement>(`${address(run)}/judgement${again ? '?again' : ''}`);
        if (left) return;
        setState({ judgement });
        if (judgement.state === 'judging') timer = setTimeout(() => void follow(false), pollMs);
      } catch (error) {
        if (!left) setState({ failed: (error as Error).message });
      }
    };
    void follow(asked.again);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [run, asked]);
  return { ...state, ask: (again) => setAsked({ again }) };
}

function MistakePicture({ run, mistake, image }: { readonly run: string; readonly mistake: RunMistake; readonly image: Done['image'] }) {
  const [pixels, setPixels] = useState<Uint8Array | 'failed'>();
  const { row, label, guess, confidence } = mistake;
  useEffect(() => {
    let left = false;
    const load = async (): Promise<Uint8Array | 'failed'> => {
      const response = await fetch(`${address(run)}/images/${row}`);
      return response.ok ? new Uint8Array(await response.arrayBuffer()) : 'failed';
    };
    load()
      .catch(() => 'failed' as const)
      .then((loaded) => !left && setPixels(loaded));
    return () => {
      left = true;
    };
  }, [run, row]);
  return (
    <li>
      {pixels === undefined || pixels === 'failed' ? (
        <span class="row-picture missing">{pixels && words.pictureFailed}</span>
      ) : (
        <RowPicture image={image} pixels={pixels} label={words.pictureAlt(nameOf(label), nameOf(guess))} />
      )}
      <span>
        {words.labelled(nameOf(label))}
        <strong>{words.named(nameOf(guess), percent(confidence))}</strong>
      </span>
    </li>
  );
}

function Mistakes({ run, judgement }: { readonly run: string; readonly judgement: Done }) {
  const { labels, confusion, mistakes, image, on } = judgement;
  const [cell, setCell] = useState<readonly [number, number]>();
  const [all, setAll] = useState(false);
  const total = confusion.flat().reduce((a, b) => a + b, 0);
  const right = confusion.reduce((sum, row, k) => sum + row[k]!, 0);
  const chosen = cell ? mistakes.filter(({ label, guess }) => label === labels[cell[0]] && guess === labels[cell[1]]) : mistakes;
  const listed = all ? chosen : chosen.slice(0, shownMistakes);
  return (
    <>
      <p class="live-rate">{words.on(on, count(total), finePercent(right / total))}</p>
      <ConfusionMatrix
        title={words.confusion(run)}
        labels={labels}
        counts={confusion}
        chosen={cell}
        onChoose={(of, named) => setCell(cell?.[0] === of && cell[1] === named ? undefined : [of, named])}
      />
      <h3>{cell ? words.ofCell(nameOf(labels[cell[0]]!), nameOf(labels[cell[1]]!)) : words.surest}</h3>
      <p class="live-rate">{words.choose}</p>
      <ul class="mistakes">
        {listed.map((mistake) => (
          <MistakePicture key={mistake.row} run={run} mistake={mistake} image={image} />
        ))}
      </ul>
      {chosen.length > listed.length && (
        <button type="button" onClick={() => setAll(true)}>
          {words.more(chosen.length - listed.length)}
        </button>
      )}
    </>
  );
}

export interface RunJudgementProps {
  readonly run: string;
  readonly place: number;
}

export function RunJudgementPanel({ run, place }: RunJudgementProps) {
  const { judgement, failed, ask } = useJudgement(run);
  return (
    <section class="judgement" aria-label={words.title(run)}>
      <h2>
        <LineSample place={place} />
        {run}
      </h2>
      {failed && <p role="alert">{failed}</p>}
      {judgement?.state === 'none' && <p role="status">{words.reasons[judgement.code] ?? judgement.reason}</p>}
      {judgement?.state === 'judging' && (
        <>
          <progress aria-label={words.progressLabel} value={judgement.done} max={Math.max(1, judgement.total)} />
          <p class="live-rate">{words.progress(judgement.done, judgement.total)}</p>
        </>
      )}
      {(!judgement || judgement.state === 'none') && (
        <button type="button" onClick={() => ask(judgement !== undefined)}>
          {judgement ? strings.model.retry : words.look}
        </button>
      )}
      {judgement?.state === 'done' && (
        <>
          <Mistakes run={run} judgement={judgement} />
          <button type="button" class="quiet" onClick={() => ask(true)}>
            {judgement.outdated ? words.outdated : words.again}
          </button>
        </>
      )}
    </section>
  );
}
