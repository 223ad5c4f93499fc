/** Names from files of strangers, fit for one line of a message. */

/** The name without control characters (a newline, a terminal's escape codes), cut after `longest` characters. */
export function printableName(name: string, longest = 80): string {
  const clean = name.replace(/[\p{C}\u2028\u2029]/gu, '?');
  return clean.length > longest ? `${clean.slice(0, longest - 1)}…` : clean;
}
