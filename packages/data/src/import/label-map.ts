/** From the class names of a data set to the labels of a store. */
import { expressions, parseExpression, UserError } from '@mien/runtime';
import { mostLabels, noLabel, unlabelledName } from '../store/manifest.ts';

/** What becomes of classes whose names are not ours: `{ contempt: 'drop', smile: 'happy' }`; keys in any case. */
export type LabelMap = Readonly<Record<string, string>>;

/** Class names of images that nobody has labelled yet, lower case. */
const unlabelledNames: ReadonlySet<string> = new Set([unlabelledName, 'unlabeled']);

/** Whether a class of this name holds images without a label. */
export function isUnlabelledName(name: string): boolean {
  return unlabelledNames.has(name.trim().toLowerCase());
}

export interface LabelResolverOptions {
  /** The store's labels; by default our seven expressions. */
  labels?: readonly string[] | undefined;
  /** What the data set's own numbers stand for: `{ 1: 'surprise' }`; `drop` for those that stand for no class. */
  numbers?: LabelMap | undefined;
}

export class LabelResolver {
  readonly labels: readonly string[];
  readonly #map = new Map<string, number | 'drop'>();
  readonly #numbers: LabelMap;

  /** @throws UserError `bad-map` when a value is neither a label nor `drop`, `bad-labels`. */
  constructor(map: LabelMap = {}, { labels = expressions, numbers = {} }: LabelResolverOptions = {}) {
    if (labels.length < 1 || labels.length > mostLabels || new Set(labels.map((label) => label.toLowerCase())).size !== labels.length) {
      throw new UserError('bad-labels', `labels ${labels.join(', ') || 'none'}: expected 1 to ${mostLabels} different names`);
    }
    const reserved = labels.find((label) => isUnlabelledName(label));
    if (reserved !== undefined)
      throw new UserError('bad-labels', `${reserved} cannot be a label: images in a class of this name have none; choose another name`);
    this.labels = labels;
    this.#numbers = numbers;
    for (const [from, to] of Object.entries(map)) {
      const target = to.trim().toLowerCase() === 'drop' ? 'drop' : this.#find(to);
      if (target === undefined) throw new UserError('bad-map', `map ${from}=${to}: expected one of ${labels.join(', ')}, ${unlabelledName} or drop`);
      this.#map.set(from.trim().toLowerCase(), target);
    }
  }

  /** Class index, `noLabel`, `drop`, or undefined for a name that nothing is known of. The map goes before the names themselves. */
  resolve(name: string): number | 'drop' | undefined {
    const key = name.trim().toLowerCase();
    const meant = Object.hasOwn(this.#numbers, key) ? (this.#numbers[key] as string) : name;
    const mapped = this.#map.get(key) ?? this.#map.get(meant.toLowerCase());
    if (mapped !== undefined) return mapped;
    return meant === 'drop' ? 'drop' : this.#find(meant);
  }

  /** What a class name stands for in the data set, for messages: `7` → `contempt`. */
  meaning(name: string): string {
    return this.#numbers[name.trim().toLowerCase()] ?? name;
  }

  /**
   * The error for class names that nothing is known of.
   * @param names as {@link resolve} was given them.
   */
  unknown(source: string, names: readonly string[]): UserError {
    const meant = [...new Set(names.map((name) => this.meaning(name)))];
    const example = meant.map((name) => `--map ${name}=drop`).join(' ');
    const kind = this.labels === expressions ? 'expression' : 'label';
    return new UserError(
      'unknown-class',
      `${source}: no ${kind} is called ${meant.join(', ')}; say what becomes of such images, as ${example}, or ${meant[0]}=${this.labels.at(-1)}, or ${meant[0]}=${unlabelledName}`,
    );
  }

  #find(name: string): number | undefined {
    const key = name.trim().toLowerCase();
    const exact = this.labels.findIndex((label) => label.toLowerCase() === key);
    if (exact >= 0) return exact;
    const expression = parseExpression(name);
    const index = expression === undefined ? -1 : this.labels.findIndex((label) => parseExpression(label) === expression);
    if (index >= 0) return index;
    return isUnlabelledName(key) ? noLabel : undefined;
  }
}
