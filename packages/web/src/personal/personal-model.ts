/** From recordings to a model of one's own: training, an honest comparison, and a complete file. */
import { type CreateSession, encodeModel, type OnnxModel } from '@mien/onnx';
import { type ModelCard, UserError, withCard } from '@mien/runtime';
import { findHead, replaceHead } from '../model/tap-model.ts';
import type { PersonalResult } from './personal-result.ts';
import { classify, type Example, splitRecordings, type TrainedHead, trainHead } from './train-head.ts';

export interface PersonalModelOptions {
  readonly name: string;
  readonly card: ModelCard;
  /** The model the features come from. */
  readonly network: OnnxModel;
  /** Features [D] of recorded frames by class, in the order they were recorded. */
  readonly recordings: ReadonlyMap<string, readonly Float32Array[]>;
  readonly createSession: CreateSession;
  readonly onProgress?: (done: number, total: number) => void;
}

function accuracy(head: TrainedHead, labels: readonly string[], examples: readonly Example[]): number {
  return examples.filter(({ features, label }) => labels[classify(head, features)] === label).length / examples.length;
}

/**
 * The labels of the new model: when every recorded class is one of the model's own, all of the model's stay and the head goes on from
 * where it was; else they are the recorded classes, in the order they were first recorded.
 */
function labelsOf({ card, recordings }: PersonalModelOptions): { labels: readonly string[]; known: boolean } {
  const known = [...recordings.keys()].every((label) => card.labels.includes(label));
  return known ? { labels: card.labels, known } : { labels: [...recordings.keys()], known };
}

/**
 * The card of the new model: it has another author and other data, and the old figures say nothing about it. What the layers below have
 * learnt they have learnt still.
 */
function personalCard({ name, card }: PersonalModelOptions, labels: readonly string[], trainedOn: number, heldOut: number, after: number): ModelCard {
  const { startedFrom, learntRows, chosenRows } = card.training;
  // The new head's logits have no temperature, so none that was fitted on anything.
  const { fittedOn: _fittedOn, ...output } = card.output;
  return {
    ...card,
    name,
    labels: [...labels],
    description: `${card.name} with a last layer trained on recordings of one person`,
    output: { ...output, temperature: 1 },
    training: {
      data: `recordings on top of ${card.name} (${card.training.data})`,
      split: 'recordings',
      rows: trainedOn,
      chosenOn: 'not chosen',
      recipe: 'personal head',
      seed: 0,
      epochs: 0,
      ...(startedFrom ? { startedFrom } : {}),
      ...(learntRows ? { learntRows } : {}),
      ...(chosenRows ? { chosenRows } : {}),
    },
    figures: [
      { metric: 'accuracy', dataset: 'recordings', split: 'held-out end of each recording', n: heldOut, value: after, note: 'one person, one sitting' },
    ],
    limits: [...card.limits, 'Made for one person in one place; it says nothing about anybody else.'],
  };
}

/** Throws `UserError` `no-head` when the network does not end in a dense layer, `too-few-recordings` as `splitRecordings`. */
export async function makePersonalModel(options: PersonalModelOptions): Promise<PersonalResult> {
  const { card, network, recordings, createSession, onProgress } = options;
  const head = findHead(network, card.output.name);
  if (!head) throw new UserError('no-head', `${card.name}: its network does not end in a dense layer, so there is no last layer to train`);
  const { train, heldOut } = splitRecordings(recordings);
  const { labels, known } = labelsOf(options);
  const trained = await trainHead(train, labels, known ? head : undefined, createSession, onProgress);
  const after = accuracy(trained, labels, heldOut);
  const confusion = labels.map((label) => {
    const row = new Array<number>(labels.length).fill(0);
    for (const example of heldOut) if (example.label === label) row[classify(trained, example.features)]!++;
    return row;
  });
  const newCard = withoutAbstain(personalCard(options, labels, train.length, heldOut.length, after));
  const model = withCard(encodeModel(replaceHead(network, card.output.name, trained.weight, trained.bias)), newCard);
  return {
    model,
    card: newCard,
    trainedOn: train.length,
    heldOut: heldOut.length,
    before: known ? accuracy(head, labels, heldOut) : Number.NaN,
    after,
    confusion,
  };
}

/** The threshold was chosen for other logits. */
function withoutAbstain({ abstain: _abstain, ...card }: ModelCard): ModelCard {
  return card;
}
