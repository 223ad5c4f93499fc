/** Giving a field of a recipe another value before the recipe is checked: `--set key=value`, and the rows of an ablation. */
import { UserError } from '@mien/runtime';
import { parse } from 'yaml';

export type Fields = Record<string, unknown>;

export interface FieldChange {
  /** Names and indices joined by dots, as `optimizer.learningRate` or `stages.0.epochs`. */
  readonly path: string;
  readonly value: unknown;
  /** The change as it was asked for, for messages. */
  readonly said: string;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `key=value` of a command line; the value is read as YAML. */
export function parseAssignment(assignment: string): FieldChange {
  const said = `--set ${assignment}`;
  const at = assignment.indexOf('=');
  if (at < 1) throw new UserError('bad-set', `${said}: expected key=value, as epochs=5 or optimizer.learningRate=0.01`);
  try {
    return { path: assignment.slice(0, at), value: parse(assignment.slice(at + 1)) as unknown, said };
  } catch (cause) {
    throw new UserError('bad-set', `${said}: the value is not valid YAML (${(cause as Error).message.split('\n')[0]})`, { cause });
  }
}

/** What a stage says itself at this path, or undefined where it says nothing. */
function ownValue(stage: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((value, key) => (isFields(value) ? value[key] : undefined), stage);
}

/** Stages whose own value hides the one the recipe is given, in words. */
function describeKept(stages: unknown, keys: readonly string[], { path, said }: FieldChange): string | undefined {
  if (!Array.isArray(stages) || keys[0] === 'stages' || path === 'name') return undefined;
  const kept = stages.flatMap((stage: unknown, i) => {
    const value = ownValue(stage, keys);
    return value === undefined ? [] : [{ i, name: isFields(stage) && typeof stage.name === 'string' ? stage.name : `stages.${i}`, value }];
  });
  if (kept.length === 0) return undefined;
  const each = kept.map(({ name, value }) => `${name} (${JSON.stringify(value)})`).join(', ');
  const [first] = kept as [(typeof kept)[number]];
  return kept.length === 1
    ? `${said}: stage ${each} keeps its own ${path}; to change it, set stages.${first.i}.${path}`
    : `${said}: stages ${each} keep their own ${path}; to change them, set stages.${first.i}.${path} and so on`;
}

const isIndex = (key: string, length: number): boolean => /^\d+$/.test(key) && Number(key) < length;

function notInList({ said }: FieldChange, key: string, { length }: readonly unknown[]): UserError {
  const has = length === 0 ? 'is empty' : `has items 0${length > 1 ? `…${length - 1}` : ''}`;
  return new UserError('bad-set', `${said}: the list ${has}, not ${key}; give the number of an item, ${length} for one more, or the whole list`);
}

const validationForms = [['split'], ['fraction'], ['fold', 'folds']];

/** Whether `validation` names its rows in the way that `key` belongs to. */
function isSameForm(validation: unknown, key: string): boolean {
  const form = validationForms.find((fields) => fields.includes(key));
  return isFields(validation) && (form ?? []).some((field) => field in validation);
}

/**
 * Changes `target`; a number in the path counts the items of a list from 0.
 * @returns which stages keep a value of their own, in one line; undefined where the change reaches all.
 */
export function setField(target: Fields, change: FieldChange): string | undefined {
  const { path, value, said } = change;
  const keys = path.split('.');
  if (keys.some((key) => key in Object.prototype)) throw new UserError('bad-set', `${said}: ${path} is not a field of a recipe`);
  const { stages } = target;
  // A recipe's own name is no stage's.
  if (path !== 'name' && Array.isArray(stages) && stages.length > 0 && stages.every((stage) => isFields(stage) && keys[0]! in stage)) {
    throw new UserError('bad-set', `${said}: every stage of this recipe gives its own ${keys[0]}; set stages.0.${path} and so on`);
  }
  const kept = describeKept(stages, keys, change);
  let inner: Fields | unknown[] = target;
  for (const [depth, key] of keys.slice(0, -1).entries()) {
    const fields = inner as Fields;
    if (Array.isArray(inner) && !isIndex(key, inner.length)) throw notInList(change, key, inner);
    // Validation rows are named in one of three ways: naming them in another one replaces what stands there.
    const replaces = keys.slice(0, depth + 1).join('.') === 'data.validation' && !isSameForm(fields[key], keys[depth + 1]!);
    if (replaces || typeof fields[key] !== 'object' || fields[key] === null) fields[key] = {};
    inner = fields[key] as Fields;
  }
  // One more item may come at the end.
  if (Array.isArray(inner) && !isIndex(keys.at(-1)!, inner.length + 1)) throw notInList(change, keys.at(-1)!, inner);
  // A copy: the same change may be made to several recipes.
  (inner as Fields)[keys.at(-1)!] = structuredClone(value);
  return kept;
}
