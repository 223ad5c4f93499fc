/** The outputs of a model, by the names its card gives them. */
import type { RowSet } from '@mien/data';
import { type ModelCard, UserError } from '@mien/runtime';

/** The head that is taught the label of the data. */
export const labelHead = 'expression';
/** The head that is taught the distribution of annotators' votes. */
export const votesHead = 'votes';

export interface CardHead {
  readonly name: string;
  readonly labels: readonly string[];
  /** Name of the graph's output, [N,K]. */
  readonly output: string;
  /** Its logits are divided by this before softmax. */
  readonly temperature: number;
  /** Rows it was fitted on, as far as the card tells. */
  readonly fittedOn?: readonly RowSet[];
}

/** Every head of a card, the main one first. A card does not name its main head: an output `logits` is that of the label. */
export function headsOfCard(card: ModelCard): [CardHead, ...CardHead[]] {
  const head = (name: string, labels: readonly string[], { name: output, temperature, fittedOn }: ModelCard['output']): CardHead => ({
    name,
    labels,
    output,
    temperature,
    ...(fittedOn ? { fittedOn } : {}),
  });
  const main = card.output.name === 'logits' ? labelHead : card.output.name;
  return [head(main, card.labels, card.output), ...(card.otherHeads ?? []).map(({ name, labels, output }) => head(name, labels, output))];
}

/** The card with another head as the main one; the file's outputs stay as they are, and a threshold for "not sure", found for the other head, goes. Throws `UserError` that lists the heads there are. */
export function withMainHead(card: ModelCard, name: string, file: string): ModelCard {
  const heads = headsOfCard(card);
  const chosen = heads.find((head) => head.name === name);
  if (!chosen) throw new UserError('no-head', `${file}: the model has no head ${name}; it has ${heads.map((head) => head.name).join(', ')}`);
  if (chosen === heads[0]) return card;
  const output = ({ output: name, temperature, fittedOn }: CardHead): ModelCard['output'] => ({
    name,
    temperature,
    ...(fittedOn ? { fittedOn: [...fittedOn] } : {}),
  });
  const others = heads.filter((head) => head !== chosen);
  const { abstain: _, ...kept } = card;
  return {
    ...kept,
    labels: [...chosen.labels],
    output: output(chosen),
    otherHeads: others.map((head) => ({ name: head.name, labels: [...head.labels], output: output(head) })),
    figures: card.figures.map((figure) => ({ ...figure, head: figure.head ?? heads[0].name })),
  };
}
