/** `mien data` as a stranger uses it, from folders of pictures to a cleaned, merged and exported store. Runs the built command. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../../../bin/mien.js', import.meta.url));
let dir = '';

function data(...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'data', ...args], { cwd: dir, encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

/** Runs a command that must succeed → its JSON. */
function json(...args: string[]): Record<string, never> {
  const { status, out, err } = data(...args, '--json');
  expect(status, err).toBe(0);
  return JSON.parse(out) as Record<string, never>;
}

/** A 48×48 picture of one of ten patterns, or a blank one. */
async function picture(path: string, pattern: number): Promise<void> {
  const pixels = Uint8Array.from({ length: 2304 }, (_, i) =>
    pattern < 0 ? 50 : 128 + 100 * Math.sin(((i % 48) * (1 + (pattern % 3))) / 9 + (Math.floor(i / 48) * (pattern + 1)) / 11 + pattern),
  );
  mkdirSync(join(dir, path, '..'), { recursive: true });
  await sharp(pixels, { raw: { width: 48, height: 48, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toFile(join(dir, path));
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mien-data-verbs-'));
  await picture('faces/train/happy/a.png', 0);
  await picture('faces/train/happy/b.png', 1);
  await picture('faces/train/sad/c.png', 1);
  await picture('faces/train/sad/d.png', -1);
  await picture('faces/train/sad/e.png', 2);
  await picture('faces/test/happy/f.png', 2);
  for (let i = 0; i < 20; i++) await picture(`ck/${i % 2 ? 'anger' : 'contempt'}/S${100 + (i >> 2)}_001_0000000${i % 4}.png`, 3 + (i % 7));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('import, check, clean and undo', () => {
  expect(json('import', 'faces', '--out', 'store')).toMatchObject({
    images: 6,
    splits: [
      { name: 'train', locked: false },
      { name: 'test', locked: true },
    ],
  });
  const report = json('check', 'store', '--html', 'report.html', '--csv', 'changes.csv');
  expect(report).toMatchObject({ images: 6, duplicates: { groups: 2, images: 4, acrossSplits: 1, conflictingLabels: 2 }, constant: 1 });
  expect(readFileSync(join(dir, 'report.html'), 'utf8')).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
  const said = data('check', 'store');
  expect(said.status).toBe(0);
  expect(said.out).toContain('problem  Blank images');
  // Anything that can be imported can be checked as it is.
  expect(json('check', 'faces')).toMatchObject({ images: 6, constant: 1 });

  expect(json('clean', 'store', '--csv', 'changes.csv')).toMatchObject({ dropped: 4, images: 2, undone: false });
  expect(json('check', 'store')).toMatchObject({ constant: 0, duplicates: { groups: 0 } });
  expect(json('clean', 'store', '--undo')).toMatchObject({ images: 6, undone: true });
  expect(data('clean', 'store', '--undo')).toMatchObject({ status: 2, out: '', err: expect.stringMatching(/^mien: store: no cleaning to undo.*\n$/) });
});

it('merge by a map, divide by person, preview and export', () => {
  json('import', 'faces', '--out', 'a');
  json('import', 'ck', '--out', 'b', '--labels', 'angry,contempt');
  expect(data('merge', 'a', 'b', '--out', 'merged')).toMatchObject({ status: 2, err: expect.stringContaining('no place for contempt') });
  writeFileSync(join(dir, 'map.yaml'), 'map:\n  ck: { contempt: drop }\n');
  const merged = json('merge', 'a', 'b', '--map', 'map.yaml', '--strategy', 'into-train', '--out', 'merged');
  expect(merged).toMatchObject({
    images: 16,
    dropped: 10,
    splits: [
      { name: 'train', count: 15 },
      { name: 'test', count: 1 },
    ],
  });
  expect(json('split', 'merged', '--folds', '5', '--fold', '1', '--out', 'fold')).toMatchObject({ images: 16 });
  expect(data('split', 'merged', '--folds', '5', '--out', 'fold2')).toMatchObject({
    status: 2,
    err: expect.stringContaining('--folds and --fold go together'),
  });

  writeFileSync(join(dir, 'list.yaml'), '- { op: flip }\n- { op: randaugment }\n');
  expect(data('preview', 'merged', '--augmentation', 'list.yaml', '--rows', '3', '--out', 'sheet.png').status).toBe(0);
  expect(readFileSync(join(dir, 'sheet.png')).subarray(1, 4).toString()).toBe('PNG');
  writeFileSync(join(dir, 'bad.yaml'), '- { op: mosaic }\n');
  expect(data('preview', 'merged', '--augmentation', 'bad.yaml', '--out', 'none.png').status).toBe(2);
  expect(existsSync(join(dir, 'none.png'))).toBe(false);

  for (const [format, out] of [
    ['folders', 'out-folders'],
    ['csv', 'out.csv'],
    ['parquet', 'out-parquet'],
  ] as const) {
    expect(json('export', 'merged', '--format', format, '--out', out)).toMatchObject({ images: 16 });
    expect(json('import', out, '--out', `back-${format}`)).toMatchObject({ images: 16 });
  }
});

it('mistakes are one line and exit status 2', () => {
  const mistakes: [args: string[], message: RegExp][] = [
    [['check', 'nowhere'], /nowhere: /],
    [['clean', 'store'], /expected --csv FILE/],
    [['import', 'faces', '--out', 'x', '--subjects', '('], /--subjects \(: expected a regular expression/],
    [['merge', 'store', '--map', 'missing.yaml', '--out', 'x'], /missing\.yaml/],
    [['split', 'store', '--ratios', '1:2', '--out', 'x'], /expected train:val:test/],
    [['preview', 'store', '--out', 'x.png'], /--recipe NAME or --augmentation FILE/],
  ];
  for (const [args, message] of mistakes) {
    const { status, out, err } = data(...args);
    expect([status, out], args.join(' ')).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err.trim().split('\n')).toHaveLength(1);
  }
});
