/** The page "Label": one picture, the model's guess, and a key for every decision. */
import type { LabelOverview, LabelRow } from '@mien/server/api';
import { useEffect, useState } from 'preact/hooks';
import { percent } from '../format.ts';
import { WarningIcon } from '../icons.tsx';
import { expressionClass } from '../photo/expression-class.ts';
import { useStore } from '../store.ts';
import { strings } from '../strings.ts';
import { actionOf, choose, labelKeys } from './label-keys.ts';
import { LabelSession } from './label-session.ts';
import { RowPicture } from './row-picture.tsx';
import '../styles/labelling.css';

const words = strings.labelling;
const nameOf = (label: string): string => strings.expressions[label] ?? label;

function useKeys(session: LabelSession, overview: LabelOverview, row: LabelRow | undefined): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      // Keys are for the dialog that is open, whatever lies behind it.
      if (document.querySelector('dialog[open]')) return;
      // Enter on a button that has the focus presses that button.
      if (event.key === 'Enter' && event.target instanceof HTMLElement && event.target.matches('button, a')) return;
      const act = actionOf(event.key, session, overview, row);
      if (!act) return;
      event.preventDefault();
      void act();
    };
    // A button that was clicked keeps the focus, and the next picture takes it over: Enter would press it again, where the page promises to keep the label.
    const release = ({ detail, target }: MouseEvent): void => {
      if (detail > 0 && target instanceof Element && target.closest('.label-desk button, .label-head button'))
        (document.activeElement as HTMLElement | null)?.blur();
    };
    addEventListener('keydown', press);
    addEventListener('click', release);
    return () => {
      removeEventListener('keydown', press);
      removeEventListener('click', release);
    };
  }, [session, overview, row]);
}

interface DeskProps {
  readonly session: LabelSession;
  readonly overview: LabelOverview;
  readonly row: LabelRow | undefined;
  readonly pixels: Uint8Array | undefined;
}

function RowDesk({ session, overview, row, pixels }: DeskProps & { readonly row: LabelRow }) {
  return (
    <div class="label-desk">
      {pixels && (
        <RowPicture image={overview.image} pixels={pixels} label={row.label === undefined ? words.pictureAltUnlabelled : words.pictureAlt(nameOf(row.label))} />
      )}
      <div class="label-side">
        <p class="label-now" aria-live="polite">
          {row.label === undefined ? words.unlabelled : words.labelled(nameOf(row.label))}
          <span>{row.guess === undefined ? words.notJudged : words.guess(nameOf(row.guess), percent(row.confidence ?? 0))}</span>
        </p>
        <ol class="label-choices" aria-label={words.choices}>
          {overview.labels.map((label, i) => (
            <li key={label}>
              <button
                type="button"
                class={`${expressionClass(label, i)}${label === row.label ? ' current' : ''}${label === row.guess ? ' guessed' : ''}`}
                onClick={() => void choose(session, row, label)}
              >
                <kbd>{labelKeys[i]}</kbd>
                {nameOf(label)}
                {label === row.label && <small>{words.isLabel}</small>}
                {label === row.guess && <small>{words.isGuess}</small>}
              </button>
            </li>
          ))}
        </ol>
        <div class="label-actions">
          {row.label !== undefined && (
            <button type="button" class="primary" onClick={() => void session.decide({ action: 'keep' })}>
              <kbd>{words.enter}</kbd>
              {words.keep}
            </button>
          )}
          {row.guess !== undefined && (
            <button type="button" class={row.label === undefined ? 'primary' : ''} onClick={() => void choose(session, row, row.guess!)}>
              <kbd>{row.label === undefined ? words.enter : 'g'}</kbd>
              {words.takeGuess}
            </button>
          )}
          <button type="button" onClick={() => void session.decide({ action: 'drop' })}>
            <kbd>x</kbd>
            {words.drop}
          </button>
          <button type="button" onClick={() => void session.skip()}>
            <kbd>s</kbd>
            {words.skip}
          </button>
        </div>
      </div>
    </div>
  );
}

function Desk({ session, overview, row, pixels }: DeskProps) {
  useKeys(session, overview, row);
  const { store, rows, decided, relabelled, dropped, judged, disagreements, judgingFailed, journal } = overview;
  return (
    <>
      <header class="label-head">
        <h1 class="label-title">{words.title(store)}</h1>
        <button type="button" disabled={decided === 0} onClick={() => void session.undo()}>
          <kbd>z</kbd>
          {words.undo}
        </button>
      </header>
      <progress aria-label={words.progressLabel} value={decided} max={rows} />
      <p class="label-progress">
        {words.progress(decided, rows, relabelled, dropped)} {judgingFailed ? words.judgingFailed(judgingFailed) : judged < rows && words.judging(judged, rows)}{' '}
        {judged > 0 && words.disagreements(disagreements)}
      </p>
      {row ? <RowDesk session={session} overview={overview} row={row} pixels={pixels} /> : <p role="status">{words.allDone}</p>}
      <p class="label-progress">
        {words.saved} <code>{words.apply(journal)}</code>
      </p>
    </>
  );
}

export function LabelPage() {
  const [session] = useState(() => new LabelSession());
  const state = useStore(session.state);
  useEffect(() => void session.open(), [session]);
  switch (state.kind) {
    case 'loading':
      return <progress aria-label={words.loading} />;
    case 'ready':
      return (
        <div class="label-page">
          <Desk session={session} {...state} />
        </div>
      );
    default:
      return (
        <section class="notice" role={state.kind === 'failed' ? 'alert' : 'status'}>
          <WarningIcon />
          <div>
            <h2>{state.kind === 'failed' ? words.failed : words.noneTitle}</h2>
            <p>{state.kind === 'failed' ? state.message : words.none}</p>
            {state.kind === 'none' && <code>{words.noneCommand}</code>}
            <button type="button" onClick={() => void session.open()}>
              {strings.model.retry}
            </button>
          </div>
        </section>
      );
  }
}
