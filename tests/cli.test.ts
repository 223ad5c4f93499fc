/** The command line as scripts see it: what goes to which stream, in which form, with which exit status. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const labels = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'];
const photo = join(root, 'node_modules/@vladmandic/face-api/demo/sample1.jpg');

function mien(...args: string[]): { status: number | null; out: string; err: string } {
  const result = spawnSync(join(root, 'node_modules/.bin/mien'), args, { cwd: root, encoding: 'utf8' });
  return { status: result.status, out: result.stdout, err: result.stderr.replace(/^npm warn.*\n/gm, '') };
}

/** A fer2013.csv whose classes are stripes of different widths. */
function ferCsv(rows: number, usage: (i: number) => string): string {
  const lines = Array.from({ length: rows }, (_, i) => {
    const pixels = Array.from({ length: 2304 }, (_, p) => (Math.floor((p % 48) / ((i % 7) + 1)) % 2 ? 200 : 40 + ((i * 7 + p) % 11)));
    return `${i % 7},${pixels.join(' ')},${usage(i)}`;
  });
  return `emotion,pixels,Usage\n${lines.join('\n')}\n`;
}

describe('mien', () => {
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'mien-cli-'));
    writeFileSync(
      join(dir, 'fer.csv'),
      ferCsv(112, (i) => (i < 84 ? 'Training' : 'PublicTest')),
    );
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('shows help: everything on stdout, exit 0', () => {
    for (const args of [['--help'], ['data', 'import', '--help']]) {
      const { status, out, err } = mien(...args);
      expect({ status, err }, args.join(' ')).toEqual({ status: 0, err: '' });
      expect(out, args.join(' ')).toMatch(/Examples?:/);
    }
  });

  it.each([
    [['bogus']],
    [['predict']],
    [['predict', 'x.jpg', '--bogus']],
    [['train', 'nope', '--data', 'x', '--out', 'y']],
    [['sweep', 'mien-seresnet', '--data', 'x', '--out', 'y', '--grid', 'modle=a,b']],
    [['eval', '--data', '/nowhere', '--split', 'public']],
  ])('%j is a mistake: exit 2, one line on stderr, nothing on stdout', (args) => {
    const { status, out, err } = mien(...args);
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(err).not.toContain('    at ');
  });

  it('models --json lists the four networks of system C with their parameters', () => {
    const { status, out } = mien('models', '--json');
    expect(status).toBe(0);
    const totals = Object.fromEntries((JSON.parse(out) as { name: string; params: { total: number } }[]).map((m) => [m.name, m.params.total]));
    expect(totals).toMatchObject({ 'shallow-cnn': 18_897_671, 'deeper-cnn': 4_478_727, 'se-cnn': 7_954_695, 'se-cnn-improved': 5_235_335 });
  });

  it('predict --json gives one line a picture, and 2 when one cannot be read', () => {
    writeFileSync(join(dir, 'text.jpg'), 'not a picture');
    const { status, out } = mien('predict', photo, join(dir, 'text.jpg'), join(dir, 'missing.jpg'), '--json');
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, never>);
    expect(status).toBe(2);
    expect(lines).toHaveLength(3);
    const [read, text, missing] = lines as unknown as [
      { file: string; width: number; height: number; faces: { box: object; detection: number; expression: string; probabilities: Record<string, number> }[] },
      unknown,
      unknown,
    ];
    expect(read.file).toBe(photo);
    expect(read.faces.length).toBeGreaterThan(0);
    for (const face of read.faces) {
      expect(Object.keys(face.probabilities)).toEqual(labels);
      expect(Object.values(face.probabilities).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
      expect(labels).toContain(face.expression);
      expect(Object.keys(face.box)).toEqual(['x', 'y', 'width', 'height']);
    }
    expect(text).toMatchObject({ error: { code: 'unreadable-image' } });
    expect(missing).toMatchObject({ error: { code: 'not-found' } });
  });

  it('import, train, eval, export and predict fit together', { timeout: 240_000 }, () => {
    const store = join(dir, 'store');
    const run = join(dir, 'run');
    const imported = mien('data', 'import', join(dir, 'fer.csv'), '--out', store, '--json');
    expect(imported.status, imported.err).toBe(0);
    expect(JSON.parse(imported.out)).toMatchObject({
      images: 112,
      splits: [
        { name: 'train', count: 84 },
        { name: 'public', count: 28 },
      ],
    });

    const trained = mien('train', 'mien-seresnet', '--data', store, '--out', run, '--set', 'epochs=2', '--set', 'batch=16', '--json');
    expect(trained.status, trained.err).toBe(0);
    expect(JSON.parse(trained.out.trim().split('\n').at(-1)!)).toMatchObject({ type: 'done' });
    expect(mien('train', 'mien-seresnet', '--data', store, '--out', run).status).toBe(2);

    const evaluated = mien('eval', run, '--data', store, '--split', 'public', '--json');
    expect(evaluated.status, evaluated.err).toBe(0);
    const figures = JSON.parse(evaluated.out) as {
      n: number;
      accuracy: number;
      accuracy95: number[];
      confusion: number[][];
      labels: string[];
      perClass: object;
    };
    expect(figures).toMatchObject({ n: 28, labels });
    expect(figures.confusion.flat().reduce((a, b) => a + b, 0)).toBe(28);
    expect(figures.accuracy95[0]).toBeLessThanOrEqual(figures.accuracy);

    const file = join(dir, 'model.onnx');
    const exported = mien('export', run, '--fp16', '--out', file, '--json');
    expect(exported.status, exported.err).toBe(0);
    expect(JSON.parse(exported.out)).toMatchObject({ file, card: { labels, formatVersion: 1 } });
    const whole = mien('predict', photo, '--whole-image', '--model', file, '--json');
    expect(JSON.parse(whole.out)).toMatchObject({ faces: [{ detection: 1 }] });
    expect(mien('eval', run, '--data', store, '--split', 'private').status).toBe(2);
  });

  it('a tree with only test/ is a valid store', () => {
    for (const label of ['happy', 'sadness']) {
      mkdirSync(join(dir, 'tree/test', label), { recursive: true });
      copyFileSync(photo, join(dir, 'tree/test', label, 'a.jpg'));
    }
    const { status, out, err } = mien('data', 'import', join(dir, 'tree'), '--out', join(dir, 'tree-store'), '--json');
    expect(status, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ images: 2, splits: [{ name: 'test', count: 2 }] });
  });
});
