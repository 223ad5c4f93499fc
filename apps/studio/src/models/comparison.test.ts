import { expect, test } from 'vitest';
import type { Catalogue } from '../model/model-loader.ts';
import { RecognitionClient, type WorkerLike } from '../recognition/recognition-client.ts';
import { Comparison } from './comparison.ts';
import { ModelReader } from './model-reader.ts';

const catalogue = { models: ['a', 'b', 'c'].map((name) => ({ name, url: `/${name}`, bytes: 1 })), runtime: {} } as unknown as Catalogue;

/** A comparison whose workers say nothing; `ended` names the models whose worker was ended. */
function quietComparison(): { comparison: Comparison; opened: string[]; ended: string[] } {
  const opened: string[] = [];
  const ended: string[] = [];
  const comparison = new Comparison(catalogue, ['a', 'b'], (name) => {
    opened.push(name);
    const worker = { postMessage: () => {}, addEventListener: () => {}, terminate: () => ended.push(name) } as unknown as WorkerLike;
    return new ModelReader(catalogue, name, new RecognitionClient(worker));
  });
  return { comparison, opened, ended };
}

const columns = ({ readers }: Comparison): string[] =>
  readers.value.map(({ name, queue }) => `${name}: ${queue.pictures.value.map((picture) => picture.name).join(' ')}`);

test('models are loaded with the first picture, and further pictures are added to those that are there', () => {
  const { comparison, opened } = quietComparison();
  comparison.add([]);
  expect(opened).toEqual([]);
  comparison.add([new File([], '1'), new File([], '2')]);
  comparison.add([new File([], '3')]);
  expect(columns(comparison)).toEqual(['a: 1 2 3', 'b: 1 2 3']);
  expect(opened).toEqual(['a', 'b']);
});

test('another model takes one column and reads every picture; the other column is not read again', () => {
  const { comparison, opened, ended } = quietComparison();
  comparison.choose(1, 'c');
  expect(opened).toEqual([]);
  comparison.add([new File([], '1')]);
  comparison.add([new File([], '2')]);
  const [left] = comparison.readers.value;
  comparison.choose(1, 'b');
  expect(columns(comparison)).toEqual(['a: 1 2', 'b: 1 2']);
  expect(comparison.readers.value[0]).toBe(left);
  expect(ended).toEqual(['c']);
  comparison.close();
  expect(ended).toEqual(['c', 'a', 'b']);
  expect(comparison.readers.value).toEqual([]);
});
