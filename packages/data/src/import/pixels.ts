/** Pixels written as text, `70 80 82 …`, read from bytes: 78 million numbers in FER2013, so no strings are made. */

/**
 * Fills `out` with the numbers of `field`, separated by spaces.
 * @returns what is wrong with the field, or undefined.
 */
export function parsePixels(field: Uint8Array, out: Uint8Array): string | undefined {
  const { length } = field;
  let count = 0;
  let at = 0;
  while (at < length) {
    let byte = field[at] as number;
    if (byte === 32 || byte === 9) {
      at++;
      continue;
    }
    const start = at;
    let value = 0;
    while (byte >= 48 && byte <= 57 && value <= 255) {
      value = value * 10 + byte - 48;
      at++;
      byte = at < length ? (field[at] as number) : 32;
    }
    if (value > 255 || (byte !== 32 && byte !== 9)) {
      return `expected pixels from 0 to 255 with spaces between, pixel ${count + 1} is ${JSON.stringify(word(field, start))}`;
    }
    if (count < out.length) out[count] = value;
    count++;
  }
  return count === out.length ? undefined : `expected ${out.length} pixels, came ${count}`;
}

function word(field: Uint8Array, start: number): string {
  let end = start;
  while (end < field.length && end < start + 20 && field[end] !== 32) end++;
  return Buffer.from(field.subarray(start, end)).toString('utf8');
}
