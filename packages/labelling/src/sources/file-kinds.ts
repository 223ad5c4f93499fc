/** What a file holds, by its name. Only where somebody names a file is its content asked. */

export type FileKind = 'picture' | 'video' | 'zip' | 'tar' | 'compressed-tar' | 'list' | 'other';

const endings: readonly (readonly [FileKind, RegExp])[] = [
  ['picture', /\.(jpe?g|jpe|jfif|png|webp|gif|avif|tiff?)$/i],
  ['video', /\.(mp4|m4v|mov|mkv|webm|avi|mpe?g|mts|wmv|flv|3gp|ogv)$/i],
  ['zip', /\.zip$/i],
  ['tar', /\.tar$/i],
  ['compressed-tar', /\.(tgz|tar\.gz)$/i],
  ['list', /\.(txt|lst|list)$/i],
];

export function kindOfFile(name: string): FileKind {
  return endings.find(([, ending]) => ending.test(name))?.[0] ?? 'other';
}

/** The largest picture that is taken from an archive, bytes. */
export const largestEntryBytes = 256 * 2 ** 20;
