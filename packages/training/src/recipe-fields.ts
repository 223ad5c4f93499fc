/** Where the fields of a recipe belong: what to say of one that stands where it does not. */
import { nearest } from './nearest.ts';
import { headerSchema, stageSchema } from './recipe-schema.ts';

interface Place {
  readonly name: string;
  /** The field it stands in, joined by dots; '' at the top. */
  readonly parent: string;
  /** Of a choice by `kind` or `op`: those that have the field. */
  readonly kinds: readonly string[];
  readonly of: 'recipe' | 'stage';
}

/** What selects one form of a choice, as `kind: sgd`. */
function kindsOf(shape: Readonly<Record<string, unknown>>): string[] {
  const def = ((shape.kind ?? shape.op) as { def?: { values?: string[]; entries?: Record<string, string> } } | undefined)?.def;
  return def?.values ?? Object.values(def?.entries ?? {});
}

/** Every field anywhere in a schema. */
function placesIn(schema: unknown, of: Place['of'], parent = '', found: Place[] = []): Place[] {
  const { def, shape } = (schema ?? {}) as { def?: Record<string, unknown>; shape?: Record<string, unknown> };
  if (!def) return found;
  for (const [name, inner] of Object.entries(shape ?? {})) {
    found.push({ name, parent, kinds: kindsOf(shape!), of });
    placesIn(inner, of, parent ? `${parent}.${name}` : name, found);
  }
  for (const key of ['innerType', 'element', 'in'] as const) placesIn(def[key], of, parent, found);
  for (const option of (def.options as unknown[] | undefined) ?? []) placesIn(option, of, parent, found);
  return found;
}

const places: readonly Place[] = [
  ...placesIn(headerSchema, 'recipe'),
  { name: 'stages', parent: '', kinds: [], of: 'recipe' },
  ...placesIn(stageSchema, 'stage').filter(({ name, parent }) => parent !== '' || name !== 'name'),
];

const mostNamed = 3;

/** Where a field goes, in words. */
function describe({ name, parent, kinds, of }: Place, within: string): string {
  if (parent === '') return of === 'recipe' ? 'the recipe itself' : 'the recipe or one of its stages';
  return parent === within && kinds.length > 0 ? `${parent} of kind ${kinds.join(' or ')}` : `${parent}.${name}`;
}

/**
 * Advice on an unknown field that stands within `within` (`''`: at the top of the recipe or a stage): where a field of this name
 * belongs, or else which one may have been meant. Undefined where none is near.
 */
export function adviseOnField(key: string, within: string): string | undefined {
  const namesakes = places.filter(({ name }) => name === key);
  if (namesakes.length > 0) {
    const here = namesakes.filter(({ parent, kinds }) => parent === within && kinds.length > 0);
    const named = [...new Set((here.length > 0 ? here : namesakes).map((place) => describe(place, within)))];
    return `it belongs to ${named.slice(0, mostNamed).join(' or ')}`;
  }
  // Of two that are equally near, the one that may stand here.
  const isHere = ({ parent }: Place): boolean => parent === within;
  const meant = nearest(
    key,
    [...places.filter(isHere), ...places].map(({ name }) => name),
  );
  if (meant === undefined) return undefined;
  const found = places.find((place) => place.name === meant && isHere(place)) ?? places.find(({ name }) => name === meant)!;
  return `did you mean ${isHere(found) || found.parent === '' ? meant : `${found.parent}.${meant}`}?`;
}

/** The names in the path of a mistake, without the numbers of list items. */
export function fieldsOfPath(path: readonly PropertyKey[]): string {
  return path.filter((key) => typeof key === 'string').join('.');
}
