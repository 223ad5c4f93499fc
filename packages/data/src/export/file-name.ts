/** Names of splits, labels and rows as names of files. */

/** Without what a file system or a path takes for something else. */
export function fileName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N} ._+-]/gu, '_').replace(/^\.+/, '_');
}
