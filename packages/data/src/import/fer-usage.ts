/** FER2013's own names of its three parts, and ours. */
export const ferSplits: ReadonlyMap<string, string> = new Map([
  ['Training', 'train'],
  ['PublicTest', 'public'],
  ['PrivateTest', 'private'],
]);
