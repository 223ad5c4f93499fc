/** `mien ensemble`: several models, or several views of one, as one file with one card. */
import { cardKey, cardSchema, type ModelCard, type Preprocessing, UserError } from '@mien/runtime';
import type { Member } from './member.ts';
import { type CommonHead, meanOfModels } from './mean-of-models.ts';
import type { Picture, Views } from './member-input.ts';

export interface EnsembleOptions extends Views {
  readonly members: readonly [Member, ...Member[]];
  /** Of the card. */
  readonly name: string;
  /** Side in pixels at which the file takes its crops; default: the largest any member resizes to. */
  readonly size?: number | undefined;
}

/** What the graph can do for a member: any other field of the preprocessing must be the same for all. */
const bridged: ReadonlySet<string> = new Set(['input', 'color', 'resizeTo', 'mean', 'std'] satisfies (keyof Preprocessing)[]);

function checkSamePreprocessing([first, ...others]: EnsembleOptions['members']): void {
  const fieldsOf = (member: Member): Record<string, unknown> => member.card.preprocessing;
  for (const member of others) {
    for (const field of new Set([...Object.keys(fieldsOf(first)), ...Object.keys(fieldsOf(member))])) {
      const [a, b] = [first, member].map((each) => JSON.stringify(fieldsOf(each)[field]));
      if (bridged.has(field) || a === b) continue;
      throw new UserError(
        'not-combinable',
        `${first.file} and ${member.file} see different parts of a photograph (preprocessing.${field}: ${a} and ${b}), which no graph can undo; combine models of the same ${field}`,
      );
    }
  }
}

/** The heads every member has; the main one of the first is the main one. */
function commonHeads([first, ...others]: EnsembleOptions['members']): CommonHead[] {
  const [main, ...more] = first.heads;
  for (const member of others) {
    if (member.heads[0].name !== main.name) {
      throw new UserError(
        'not-combinable',
        `the main output of ${first.file} is ${main.name}, that of ${member.file} ${member.heads[0].name}; bring them in line with \`mien export --head\``,
      );
    }
  }
  const common = more.filter(({ name }) => others.every((member) => member.heads.some((head) => head.name === name)));
  return [{ name: main.name, labels: main.labels, output: main.output }, ...common.map(({ name, labels }) => ({ name, labels, output: name }))];
}

/** Colour where a member wants it, at `size` or as large as the member that looks closest. */
function pictureOf({ members, size }: EnsembleOptions): Picture {
  const sides = (axis: 0 | 1): number => size ?? Math.max(...members.map(({ card }) => card.preprocessing.resizeTo[axis]));
  const whole: [number, number] = [sides(0), sides(1)];
  return { shape: [members.some(({ card }) => card.preprocessing.color === 'rgb') ? 3 : 1, ...whole], whole };
}

const unique = (values: readonly string[]): string[] => [...new Set(values)];

/** Whether a member sees less than the picture, so that crops at its corners are others than the one in the middle. */
const hasRoom = ({ card: { preprocessing } }: Member): boolean => [0, 1].some((axis) => preprocessing.resizeTo[axis]! > preprocessing.input.shape[axis + 1]!);

/** Crops that are the picture itself would be averaged in vain. */
function checkCrops({ members, crops }: EnsembleOptions): void {
  if (!crops || members.some(hasRoom)) return;
  throw new UserError('bad-option', `crops: ${members.map(({ file }) => file).join(', ')} see the whole picture, which leaves no other crops; leave them out`);
}

function describeEnsemble({ members, flip, crops }: EnsembleOptions): string {
  const whole = members.filter((member) => !hasRoom(member)).map(({ card }) => card.name);
  const cropped = `crops at the corners${whole.length > 0 ? ` (not of ${whole.join(', ')}, which see the whole picture)` : ''}`;
  const views = [flip ? 'mirror images' : '', crops ? cropped : ''].filter(Boolean).join(' and ');
  const of = members.length > 1 ? `Mean of the probabilities of ${members.map(({ card }) => card.name).join(', ')}` : members[0].card.name;
  return views ? `${of}, over ${views} too` : of;
}

/** Times a member runs for one picture. */
function viewsOf({ card }: Member, { flip, crops }: Views): number {
  const { input, resizeTo } = card.preprocessing;
  const spare = [0, 1].filter((axis) => resizeTo[axis]! > input.shape[axis + 1]!).length;
  return (flip ? 2 : 1) * (crops && spare > 0 ? 1 + 2 ** spare : 1);
}

function ensembleCard(options: EnsembleOptions, heads: readonly CommonHead[], picture: Picture): ModelCard {
  const { members, name } = options;
  const cards = members.map(({ card }) => card);
  const [first] = cards as [ModelCard, ...ModelCard[]];
  const [main, ...more] = heads as [CommonHead, ...CommonHead[]];
  const joined = (field: 'data' | 'split' | 'chosenOn' | 'recipe'): string => unique(cards.map(({ training }) => training[field])).join(' + ');
  const begun = unique(cards.flatMap(({ training }) => training.startedFrom ?? []));
  const { abstain: _, otherHeads: __, ...kept } = first;
  // Known of the whole only where it is known of every member.
  const rowsOf = (field: 'learntRows' | 'chosenRows'): Partial<ModelCard['training']> =>
    cards.every(({ training }) => training[field])
      ? { [field]: unique(cards.flatMap(({ training }) => training[field]!.map((set) => JSON.stringify(set)))).map((set) => JSON.parse(set)) }
      : {};
  // The members' temperatures are part of the graph.
  const outputOf = ({ name: head, output }: CommonHead): ModelCard['output'] => {
    const sets = unique(members.flatMap(({ heads: of }) => (of.find((each) => each.name === head)?.fittedOn ?? []).map((set) => JSON.stringify(set))));
    return { name: output, temperature: 1, ...(sets.length > 0 ? { fittedOn: sets.map((set) => JSON.parse(set)) } : {}) };
  };
  return {
    ...kept,
    name,
    architecture: cards.length > 1 ? 'ensemble' : first.architecture,
    description: describeEnsemble(options),
    licence: unique(cards.map(({ licence }) => licence)).join(' and '),
    labels: [...main.labels],
    preprocessing: {
      ...first.preprocessing,
      input: { name: 'image', shape: [picture.shape[0] as 1 | 3, picture.shape[1], picture.shape[2]] },
      color: picture.shape[0] === 3 ? 'rgb' : 'gray',
      resizeTo: [...picture.whole],
      mean: [0],
      std: [1],
    },
    output: outputOf(main),
    ...(more.length > 0 ? { otherHeads: more.map((head) => ({ name: head.name, labels: [...head.labels], output: outputOf(head) })) } : {}),
    training: {
      data: joined('data'),
      split: joined('split'),
      rows: Math.max(...cards.map(({ training }) => training.rows)),
      chosenOn: joined('chosenOn'),
      recipe: joined('recipe'),
      seed: first.training.seed,
      epochs: cards.reduce((sum, { training }) => sum + training.epochs, 0),
      ...(begun.length > 0 ? { startedFrom: begun.join(' + ') } : {}),
      ...rowsOf('learntRows'),
      ...rowsOf('chosenRows'),
    },
    parameters: cards.reduce((sum, { parameters }) => sum + parameters, 0),
    flops: members.reduce((sum, member) => sum + member.card.flops * viewsOf(member, options), 0),
    // What was measured of the members says nothing exact of their mean.
    figures: [],
    limits: unique(cards.flatMap(({ limits }) => limits)),
  };
}

/** How the graph brings its picture to a member, in words. */
export function describeBridge({ card }: Member, { shape, whole }: Picture): string {
  const { input, resizeTo, color } = card.preprocessing;
  const [C, H, W] = input.shape;
  const steps = [
    color === 'gray' && shape[0] === 3 ? 'made grey' : '',
    resizeTo[0] === whole[0] && resizeTo[1] === whole[1] ? '' : `resized from ${whole.join('×')} to ${resizeTo.join('×')}`,
    H === resizeTo[0] && W === resizeTo[1] ? '' : `cut to ${H}×${W}`,
    C === 3 && color === 'gray' ? 'repeated to 3 channels' : '',
  ].filter(Boolean);
  return steps.length > 0 ? steps.join(', ') : 'as it is';
}

export interface Ensemble {
  readonly bytes: Uint8Array;
  readonly card: ModelCard;
  readonly picture: Picture;
}

/**
 * One file whose probabilities are the mean of its members'. It takes crops of one size with pixels in 0…1; each member's
 * resizing and normalisation happen inside. At a member's own size its part is exactly what it says alone; at another,
 * its crop has been resized twice. Throws `UserError` where labels or preprocessing cannot be brought together.
 */
export function buildEnsemble(options: EnsembleOptions): Ensemble {
  const { members, name } = options;
  checkSamePreprocessing(members);
  checkCrops(options);
  const heads = commonHeads(members);
  const picture = pictureOf(options);
  const card = ensembleCard(options, heads, picture);
  const graph = meanOfModels(name, members, picture, heads, options);
  return { bytes: graph.encode({ [cardKey]: JSON.stringify(cardSchema.parse(card)) }), card, picture };
}
