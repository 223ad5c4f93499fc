/** Finds what `JSON.parse` passes over in silence: a key that stands twice in one object, of which the last would win. */

/** The first key that repeats within its object, or undefined. `text` must be valid JSON. */
export function repeatedKey(text: string): string | undefined {
  /** Keys of every open object; undefined for an open list. */
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const mark = text[at];
    if (mark === '{') open.push(new Set());
    else if (mark === '[') open.push(undefined);
    else if (mark === '}' || mark === ']') open.pop();
    else if (mark === '"') {
      const start = at;
      at = endOfString(text, start);
      if (!isBeforeColon(text, at)) continue;
      const key = JSON.parse(text.slice(start, at + 1)) as string;
      const keys = open.at(-1)!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

/** Where the quotation mark stands that ends the string beginning at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function isBeforeColon(text: string, at: number): boolean {
  let next = at + 1;
  while (' \t\r\n'.includes(text[next]!)) next++;
  return text[next] === ':';
}
