/** Refuses weights that belong to another model, and says to which. */
import { UserError } from '@mien/runtime';
import type { Architecture } from '../architecture.ts';
import { type Shapes, fittedCount, matchTensors } from './match-tensors.ts';
import type { WeightImport } from './import-weights.ts';
import { networkWeights } from './network-weights.ts';
import { printableName } from './printable-name.ts';

export interface ModelFit {
  readonly model: string;
  /** Tensors of the file that fit. */
  readonly fitting: number;
  /** Tensors of the file, without those nobody needs. */
  readonly ofFile: number;
  /** Weights of the model that the file does not give. */
  readonly missing: number;
}

/** The model that fits the file best at its own options and input; of equals the first. Undefined where nothing fits any. */
export function bestFit(shapes: Shapes, candidates: readonly Architecture[]): ModelFit | undefined {
  /** Part of file and model together that fits, 0…1. */
  const agreement = ({ fitting, ofFile, missing }: ModelFit): number => fitting / Math.max(1, ofFile + missing);
  let best: ModelFit | undefined;
  for (const architecture of candidates) {
    const found = matchTensors(shapes, networkWeights(architecture.build({ classes: 1000 }), architecture.input));
    const fit = { model: architecture.name, fitting: fittedCount(found), ofFile: shapes.size - found.ignored.length, missing: found.missing.length };
    if (fit.fitting > 0 && (!best || agreement(fit) > agreement(best))) best = fit;
  }
  return best;
}

/** The numbered layers a weight lies in: `layer1.2.conv1.weight` in element 2 of `layer1`. */
function elementsOf(name: string): { sequence: string; element: number }[] {
  return [...name.matchAll(/\.(\d{1,6})(?=\.)/g)].map((match) => ({ sequence: name.slice(0, match.index), element: Number(match[1]) }));
}

/**
 * The first weight that shows a file and a model of different depth or width, in words: a numbered layer that only one of
 * them has (`layer1.2` beside a common `layer1.1`), or a convolution of another shape. Undefined where they agree as far as
 * both go: one may end before the other.
 */
function disagreement({ used, skipped, missing }: WeightImport): string | undefined {
  const common = new Map<string, Set<number>>();
  for (const { to } of used) {
    for (const { sequence, element } of elementsOf(to)) common.set(sequence, (common.get(sequence) ?? new Set()).add(element));
  }
  const atTheEnd = new Set(elementsOf(used.at(-1)?.to ?? '').map(({ sequence }) => sequence));
  const isBetween = (name: string): boolean =>
    elementsOf(name).some(({ sequence, element }) => {
      const both = common.get(sequence);
      return both && !both.has(element) && !(atTheEnd.has(sequence) && element > Math.max(...both));
    });
  const conv = skipped.find(({ shape, to, reason }) => shape.length === 4 && missing.some((m) => m.name === to && m.shape.length === 4) && reason);
  if (conv) return `${printableName(conv.name)} does not fit, ${conv.reason}`;
  const onlyFile = skipped.find(({ to }) => isBetween(to));
  if (onlyFile) return `the model has no ${printableName(onlyFile.to)} between its layers`;
  const onlyModel = missing.find(({ name }) => isBetween(name));
  return onlyModel && `the file has no ${onlyModel.name} between its layers`;
}

/**
 * Throws `UserError` `other-model` when the file is of another model: less than half of it and less than half of the model
 * fit, or their layers do not agree. The message counts what fits and names the best of `candidates`.
 */
export function checkFit(
  imported: WeightImport,
  shapes: Shapes,
  names: { readonly file: string; readonly model: string },
  candidates: readonly Architecture[],
): void {
  const fitting = imported.used.length;
  const ofFile = shapes.size - imported.ignored.length;
  const ofModel = fitting + imported.missing.length;
  const why = disagreement(imported);
  if (fitting > 0 && (fitting >= ofFile / 2 || fitting >= ofModel / 2) && why === undefined) return;
  const best = bestFit(shapes, candidates);
  const advice =
    best?.model === names.model
      ? 'no model fits better'
      : best && best.fitting >= ofFile / 2
        ? `model ${best.model} fits best, ${best.fitting} of ${ofFile}`
        : 'no model of Mien fits it with its own options';
  throw new UserError(
    'other-model',
    `${names.file}: ${fitting} of its ${ofFile} tensors fit model ${names.model}, which wants ${ofModel}${why ? `, and ${why}` : ''}; ${advice}`,
  );
}
