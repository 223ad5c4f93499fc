/**
 * A sample of what `mien data check` calls nearly identical, to be looked at by a person: pairs side by side on one sheet.
 *
 *   node benchmarks/near-duplicates.mjs data/fer2013 --pairs 200 --out sheet.png
 *
 * One pair is drawn at random from each of as many groups as are asked for; the same seed draws the same pairs.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkStore, contactSheet, openStore, randomFor, shuffledIndices } from '@mien/data';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { pairs: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' }, out: { type: 'string', default: 'near-duplicates.png' } },
});
const [dir] = positionals;
if (dir === undefined) throw new Error('expected a store made by `mien data import`, as data/fer2013');
const pairsARow = 5;

const store = await openStore(dir);
const { near, context } = await checkStore(store, { votes: false });
const { scan } = context;
// Test splits that are locked are not looked at.
const open = near.map((group) => group.filter((i) => !scan.splits[scan.splitOf[i]].locked)).filter((group) => group.length > 1);
const chosen = [...shuffledIndices(open.length, randomFor(Number(flags.seed), 'groups'))].slice(0, Number(flags.pairs));
const tiles = [];
const read = async (i) => scan.splits[scan.splitOf[i]].readImages(i - scan.starts[scan.splitOf[i]], 1);
for (const [n, g] of chosen.entries()) {
  const [a, b] = shuffledIndices(open[g].length, randomFor(Number(flags.seed), 'pair', g));
  tiles.push(await read(open[g][a]), await read(open[g][b]));
  if (n % pairsARow < pairsARow - 1) tiles.push(undefined);
}
const { image } = store.manifest;
writeFileSync(flags.out, await contactSheet(tiles, image, { columns: 3 * pairsARow - 1, scale: Math.max(1, Math.round(72 / image.width)) }));
await store.close();
console.log(`${flags.out}: ${chosen.length} pairs, each from one of ${open.length} groups of ${open.flat().length} nearly identical images`);
