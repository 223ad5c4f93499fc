/** The model card in plain words, in a panel beside the page. */
import type { ModelCard } from '@mien/runtime';
import type { ComponentChildren, RefObject } from 'preact';
import { useId } from 'preact/hooks';
import { count, finePercent } from '../format.ts';
import { CrossIcon } from '../icons.tsx';
import { strings } from '../strings.ts';
import { type Figure, headlineFigure, orderedFigures, recalledLabel } from './headline-figure.ts';

const words = strings.card;

function Section({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function figureValue({ value, interval95 }: Figure): string {
  return interval95 ? `${finePercent(value)} (${finePercent(interval95[0])} to ${finePercent(interval95[1])})` : finePercent(value);
}

function Figures({ card }: { readonly card: ModelCard }) {
  const headline = headlineFigure(card);
  const { whole, recalls } = orderedFigures(card);
  if (card.figures.length === 0) return <p>{words.figuresNone}</p>;
  return (
    <>
      {headline && <p class="plain-figure">{words.plainAccuracy(headline.value, `${headline.dataset} (${headline.split})`)}</p>}
      <table>
        <thead>
          <tr>
            <th scope="col">{words.measure}</th>
            <th scope="col">{words.on}</th>
            <th scope="col">{words.value}</th>
          </tr>
        </thead>
        <tbody>
          {whole.map((figure) => (
            <tr key={`${figure.metric} ${figure.head} ${figure.dataset} ${figure.split}`}>
              <td>
                {words.metrics[figure.metric] ?? figure.metric}
                {figure.beside && <small>{words.beside(figure.beside)}</small>}
                {figure.protocol && <small>{figure.protocol}</small>}
                {figure.note && <small>{figure.note}</small>}
              </td>
              <td>
                {figure.dataset} {figure.split}
                <small>{words.faces(figure.n)}</small>
              </td>
              <td>{figureValue(figure)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="footnote">{words.figuresNote}</p>
      {recalls.length > 0 && (
        <details>
          <summary>{words.recalls}</summary>
          <table>
            <tbody>
              {recalls.map((figure) => {
                const label = recalledLabel(figure)!;
                return (
                  <tr key={`${label} ${figure.dataset} ${figure.split}`}>
                    <th scope="row">{strings.expressions[label] ?? label}</th>
                    <td>
                      {figure.dataset} {figure.split}
                      <small>{words.faces(figure.n)}</small>
                    </td>
                    <td>{finePercent(figure.value)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </details>
      )}
    </>
  );
}

function Facts({ card }: { readonly card: ModelCard }) {
  const facts = [
    [words.labels, card.labels.map((label) => strings.expressions[label] ?? label).join(', ')],
    [words.architecture, card.architecture],
    [words.parameters, count(card.parameters)],
    [words.work, words.workValue(card.flops)],
    [words.licence, card.licence],
  ] as const;
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export interface ModelCardPanelProps {
  /** The dialog; `showModal()` opens it. */
  readonly panel: RefObject<HTMLDialogElement | null>;
  readonly card: ModelCard;
}

export function ModelCardPanel({ panel, card }: ModelCardPanelProps) {
  const [, height, width] = card.preprocessing.input.shape;
  const { rows, data, split, chosenOn, startedFrom } = card.training;
  // "Models" has a panel for every model.
  const title = useId();
  const closeOnBackdrop = (event: MouseEvent): void => {
    if (event.target === panel.current) panel.current?.close();
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a modal dialog by itself.
    <dialog ref={panel} class="model-card" aria-labelledby={title} onClick={closeOnBackdrop}>
      <div class="sheet">
        <header>
          <p class="kicker">{strings.model.card}</p>
          <h2 id={title}>{card.name}</h2>
          <p class="lead">{card.description}</p>
          <button type="button" class="icon" aria-label={words.close} onClick={() => panel.current?.close()}>
            <CrossIcon />
          </button>
        </header>
        <Section title={words.intendedUse}>
          <p>{card.intendedUse}</p>
        </Section>
        <Section title={words.limits}>
          <ul>
            {card.limits.map((limit) => (
              <li key={limit}>{limit}</li>
            ))}
          </ul>
        </Section>
        <Section title={words.figures}>
          <Figures card={card} />
        </Section>
        <Section title={words.training}>
          <p>
            {words.trainedOn(rows, data, split)} {startedFrom ? `${words.startedFrom(startedFrom)} ` : ''}
            {words.chosenOn(chosenOn)}
          </p>
        </Section>
        <Section title={words.reading}>
          <p>{words.readingText(height, width, card.preprocessing.color === 'gray')}</p>
        </Section>
        <Section title={words.facts}>
          <Facts card={card} />
        </Section>
      </div>
    </dialog>
  );
}
