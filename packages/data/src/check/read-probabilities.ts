/** A csv of probabilities for rows, made out of fold by whoever trained the models. */
import { createReadStream } from 'node:fs';
import { UserError } from '@mien/runtime';
import { CsvError, parse } from 'csv-parse';
import { explainReadError } from '../import/read-error.ts';
import type { Store } from '../store/store.ts';

/**
 * Reads the columns split, row (a row's identity: its source's split and row number there), source (may be left out
 * where the store has one name only) and one column of probabilities for each label.
 * @returns for each split of the store that has judged rows, [N,K]; rows that the csv does not judge are NaN.
 * @throws UserError `not-found`, `bad-probabilities` naming the line.
 */
export async function readProbabilities(path: string, store: Store): Promise<Map<string, Float32Array>> {
  const { labels, sources } = store.manifest;
  const places = await placesOf(store);
  const sourceNames = [...new Set(sources.map(({ name }) => name))];
  const found = new Map<string, Float32Array>();
  const parser = parse({ bom: true, trim: true, skip_empty_lines: true, info: true, columns: (names: string[]) => names.map((name) => name.toLowerCase()) });
  createReadStream(path)
    .on('error', (error) => parser.destroy(error))
    .pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: Record<string, string>; info: { lines: number } }>) {
      const fail = (what: string) => new UserError('bad-probabilities', `${path}, line ${info.lines}: ${what}`);
      const missing = ['split', 'row', ...labels].find((name) => record[name] === undefined);
      if (missing) throw new UserError('bad-probabilities', `${path}: expected the columns split, row, ${labels.join(', ')}; there is no ${missing}`);
      const source = record.source ?? (sourceNames.length === 1 ? sourceNames[0] : undefined);
      if (source === undefined) throw fail(`the store has rows of ${sourceNames.join(', ')}; a column source must say which`);
      // An empty cell would be row 0.
      const place = /^\d+$/.test(record.row ?? '') ? places.get(`${source}/${record.split}/${Number(record.row)}`) : undefined;
      if (!place) throw fail(`the store holds no row ${record.row || '(none is named)'} of ${source}/${record.split}`);
      const values = labels.map((label) => Number(record[label] || Number.NaN));
      if (values.some((value) => !(value >= 0 && value <= 1.0001))) throw fail('expected probabilities from 0 to 1');
      let split = found.get(place.split);
      if (!split) {
        split = new Float32Array(place.count * labels.length).fill(Number.NaN);
        found.set(place.split, split);
      }
      split.set(values, place.position * labels.length);
    }
  } catch (error) {
    if (error instanceof CsvError) throw new UserError('bad-probabilities', `${path}: ${error.message}`, { cause: error });
    throw explainReadError(error, path);
  }
  if (found.size === 0) throw new UserError('bad-probabilities', `${path}: expected a header and a line for each row judged, found none`);
  return found;
}

interface Place {
  split: string;
  position: number;
  count: number;
}

/** Where each row stands now, by `source/split/row`. */
async function placesOf(store: Store): Promise<Map<string, Place>> {
  const places = new Map<string, Place>();
  for (const name of store.splitNames) {
    const split = await store.split(name);
    const { source, row } = await split.readProvenance();
    for (let position = 0; position < split.count; position++) {
      const from = store.manifest.sources[source[position] as number];
      places.set(`${from?.name}/${from?.split}/${row[position]}`, { split: name, position, count: split.count });
    }
  }
  return places;
}
