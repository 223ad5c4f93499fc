/** Names from files of strangers, fit for one line of a message. */

/** The name without control characters (a newline, a terminal's escape codes), cut after 80 characters. */
export function printableName(name: string): string {
  const clean = name.replace(/\p{C}/gu, '?');
  return clean.length > 80 ? `${clean.slice(0, 79)}…` : clean;
}
