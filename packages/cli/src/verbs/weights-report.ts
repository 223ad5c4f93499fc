/** What an import of weights tells its user. Names and metadata come from files of strangers: they are printed clean. */
import { type Normalisation, printableName, type SkippedTensor, type UnreadTensor, type WeightImport } from '@mien/models';
import { note } from '../output.ts';
import type { Origin } from './weights-origin.ts';

/** Tensors of types that are not read, as those that are skipped. */
export function asSkipped(unread: readonly UnreadTensor[]): SkippedTensor[] {
  return unread.map(({ name, shape, type }) => ({ name, shape, to: '', reason: `its type ${type} is not read` }));
}

/** One line for every tensor of the file and every weight that is missing. */
export function listTensors({ used, reshaped, folded, skipped, missing }: WeightImport): string[] {
  const how = new Map(reshaped.map((r) => [r.to, `   (${r.how})`]));
  const norms = new Map([...folded.values()].map((f) => [`${f.conv}.bias`, `${f.norm}, folded`]));
  return [
    ...used.map(({ from, to }) => `used     ${printableName(from)} → ${norms.get(to) ?? to}${how.get(to) ?? ''}`),
    ...skipped.map(({ name, shape, reason }) => `skipped  ${printableName(name)} [${shape}]: ${reason}`),
    ...missing.map(({ name, shape }) => `missing  ${name} [${shape}]`),
  ];
}

/** One number for all channels, or a list, as YAML. */
export function yaml(values: readonly number[]): string {
  return values.length === 1 ? String(values[0]) : `[${values.join(', ')}]`;
}

const witnesses: Readonly<Record<Origin['expectsBy'], string>> = {
  flag: 'as --expects says',
  file: 'as the file says',
  card: 'as the card in the file says',
  catalogue: 'as the catalogue says',
  assumed: 'which is assumed, for nothing tells it (weights of grey images are taken as they are); --expects says otherwise',
};

/** As the options write it. */
function written({ mean, std }: Normalisation): string {
  return `${mean.join(',')}/${std.join(',')}`;
}

export function noteSummary(
  file: string,
  { used, skipped, missing, ignored, dialect }: WeightImport,
  { expects, expectsBy, licence }: Origin,
  target: { readonly tensors: number; readonly unread: number; readonly model: string; readonly input: readonly number[] },
): void {
  const convolutions = skipped.filter(({ shape }) => shape.length === 4).length;
  const total = target.tensors + target.unread - ignored.length;
  note(`${file}: ${used.length} of ${total} tensors used (${dialect} names) for ${target.model} ${target.input.join('×')}`);
  note(`licence ${printableName(licence)}; images were normalised by ${written(expects)}, ${witnesses[expectsBy]}`);
  note(
    `${skipped.length + target.unread} skipped${convolutions ? `, ${convolutions} of them convolutions: the model ends earlier, or has options for them` : ''}`,
  );
  if (target.unread) note(`${target.unread} of those are of types that are not read`);
  note(`${missing.length} weights of the model missing: a recipe draws those from its seed`);
}
