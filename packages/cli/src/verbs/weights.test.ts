/** `mien weights` as a stranger uses it: from a hub and a file to weights a recipe can start from. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importData } from '@mien/data';
import { buildNetwork } from '@mien/engine';
import { decodeSafetensors, encodeSafetensors, findArchitecture, type NamedTensor } from '@mien/models';
import { sizeOf } from '@mien/onnx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAssignment, parseInput, parseNormalisation } from './weights-options.ts';

const bin = join(import.meta.dirname, '../../bin/mien.js');
const width = ['--set', 'width=0.125', '--input', '1x48x48'];

/** A ResNet-18 for three channels with 1,000 classes, in narrow; `folded` leaves out its batch norms and gives convolutions a bias. */
function resnetFile(folded: boolean): Uint8Array {
  const network = findArchitecture('resnet18')!.build({ classes: 1000, width: 0.125 });
  const tensors = new Map<string, NamedTensor>();
  for (const { name, shape } of buildNetwork(network, [3, 64, 64], { mode: 'infer', batch: 1 }).specs) {
    const isNorm = /bn\d\.|downsample\.1\./.test(name);
    if (folded && isNorm) continue;
    tensors.set(name, { shape, data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => (isNorm ? 1 : Math.sin(i * 0.7) / 10)) });
    if (folded && shape.length === 4) tensors.set(name.replace('weight', 'bias'), { shape: [shape[0]!], data: new Float32Array(shape[0]!).fill(0.1) });
  }
  return encodeSafetensors({ tensors, metadata: { license: 'BSD-3-Clause' } });
}

describe('mien weights', () => {
  const content = resnetFile(false);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const server = createServer((request, response) => {
    const found = request.url === '/timm/resnet18.a1_in1k/resolve/main/model.safetensors';
    const headers = { 'content-length': String(content.length), 'x-linked-etag': `"${sha256}"`, 'x-linked-size': String(content.length) };
    response.writeHead(found ? 200 : 404, found ? headers : {}).end(found && request.method === 'GET' ? content : undefined);
  });
  let dir: string;
  let endpoint: string;

  /** Runs the command with nobody at the terminal. */
  function mien(...args: string[]): Promise<{ status: number | null; out: string; err: string }> {
    const child = spawn(process.execPath, [bin, 'weights', ...args], {
      env: { ...process.env, MIEN_CACHE: join(dir, 'cache') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const text = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (text.out += chunk));
    child.stderr.on('data', (chunk: Buffer) => (text.err += chunk));
    return new Promise((resolve) => child.on('close', (status) => resolve({ status, ...text })));
  }

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'mien-weights-'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(join(dir, 'folded.safetensors'), resnetFile(true));
    const pixels = (i: number): string => Array.from({ length: 2304 }, (_, p) => (p * (i + 3)) % 256).join(' ');
    const rows = Array.from({ length: 42 }, (_, i) => `${i % 7},${pixels(i)},${i < 40 ? 'Training' : 'PrivateTest'}`);
    writeFileSync(join(dir, 'fer.csv'), `emotion,pixels,Usage\n${rows.join('\n')}\n`);
    await importData(join(dir, 'fer.csv'), { out: join(dir, 'store') });
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(dir, { recursive: true });
  });

  it('lists what is known', async () => {
    const { status, out } = await mien('list');
    expect(status).toBe(0);
    expect(out).toMatch(/^timm\/resnet18\.a1_in1k +resnet18 +apache-2\.0 +ImageNet-1k$/m);
  });

  it('does not download unasked, downloads with --yes, and imports by name', async () => {
    const asked = await mien('pull', 'resnet18.a1_in1k', '--endpoint', endpoint);
    expect(asked).toMatchObject({ status: 2, out: '' });
    expect(asked.err).toMatch(new RegExp(`size .*MB\\n.*licence +apache-2\\.0\\n.*sha256 +${sha256}`, 's'));
    expect(asked.err).toMatch(/add --yes$/m);
    expect(existsSync(join(dir, 'cache'))).toBe(false);

    const { status, out } = await mien('pull', 'resnet18.a1_in1k', '--endpoint', endpoint, '--yes');
    expect(status).toBe(0);
    expect(readFileSync(out.trim()).equals(content)).toBe(true);

    const file = join(dir, 'init.safetensors');
    const taken = await mien('import', 'resnet18.a1_in1k', '--model', 'resnet18', ...width, '--out', file, '--json');
    expect(taken.status).toBe(0);
    const report = JSON.parse(taken.out);
    expect(report).toMatchObject({ sha256, dialect: 'torchvision', folded: [], normalise: { mean: [0.5], std: [0.25] }, out: file });
    expect(report.reshaped).toEqual([expect.objectContaining({ to: 'conv1.weight', how: expect.stringContaining('summed over 3 input channels') })]);
    expect(report.missing.map((m: { name: string }) => m.name)).toEqual(['fc.weight', 'fc.bias']);
    const written = decodeSafetensors(readFileSync(file), file);
    expect(written.metadata).toMatchObject({ model: 'resnet18', licence: 'BSD-3-Clause', 'source.sha256': sha256, format: 'mien-weights-1' });
    expect(written.tensors.get('conv1.weight')!.shape).toEqual([8, 1, 7, 7]);
  });

  it('fetches a damaged file of the cache again, with consent', async () => {
    const pull = ['pull', 'resnet18.a1_in1k', '--endpoint', endpoint];
    const file = (await mien(...pull, '--yes')).out.trim();
    writeFileSync(file, new Uint8Array(content.length));
    const asked = await mien(...pull);
    expect(asked).toMatchObject({ status: 2, out: '' });
    expect(asked.err).toMatch(/size .*what is here is damaged: its size or checksum is wrong\n/);
    expect(asked.err).not.toMatch(/here already/);
    expect((await mien(...pull, '--yes')).status).toBe(0);
    expect(readFileSync(file).equals(content)).toBe(true);
    expect((await mien(...pull)).err).toMatch(/here already/);
  });

  it('believes what the card of a model of Mien says of its images and licence', async () => {
    const model = join(import.meta.dirname, '../../../../models/mien-seresnet.onnx');
    const file = join(dir, 'from-card.safetensors');
    const { status, out, err } = await mien('import', model, '--model', 'mien-seresnet', '--out', file, '--json');
    expect(status).toBe(0);
    const grey = { mean: [0.507], std: [0.255] };
    expect(JSON.parse(out)).toMatchObject({ licence: 'MIT', expects: grey, expectsBy: 'card', normalise: grey, reshaped: [], missing: [] });
    expect(err).toMatch(/licence MIT; images were normalised by 0\.507\/0\.255, as the card in the file says\n/);
    expect(err).toMatch(/normalise: \{ mean: 0\.507, std: 0\.255 \}/);
  });

  it('takes its own files for what they are: a change of normalisation happens once', async () => {
    const [first, second] = ['once', 'twice'].map((name) => join(dir, `${name}.safetensors`)) as [string, string];
    writeFileSync(join(dir, 'plain.safetensors'), content);
    const rest = ['--model', 'resnet18', '--set', 'width=0.125', '--input', '3x64x64', '--gets', 'symmetric', '--json'];
    const once = await mien('import', join(dir, 'plain.safetensors'), ...rest, '--out', first);
    expect(once.err).toMatch(/assumed/);
    expect(JSON.parse(once.out)).toMatchObject({ expectsBy: 'assumed', reshaped: [expect.objectContaining({ to: 'conv1.weight' })] });
    const twice = await mien('import', first, ...rest, '--out', second);
    expect(twice.err).not.toMatch(/assumed/);
    expect(JSON.parse(twice.out)).toMatchObject({ expectsBy: 'file', licence: 'BSD-3-Clause', reshaped: [] });
    const [a, b] = [first, second].map((file) => decodeSafetensors(readFileSync(file), file).tensors);
    expect(b).toEqual(a);
  });

  it('prints names and metadata of a stranger’s file without what a terminal would obey', async () => {
    const file = join(dir, 'hostile.safetensors');
    const { tensors } = decodeSafetensors(content, 'content');
    const marks = '\u001b[2J\u009b31m\r\nused     all → all\u202e';
    const some = new Map([...tensors, [`extra${marks}`, { shape: [1], data: Float32Array.of(1) }]]);
    writeFileSync(file, encodeSafetensors({ tensors: some, metadata: { licence: `MIT${marks}` } }));
    const args = ['import', file, '--model', 'resnet18', ...width];
    const { status, out, err } = await mien(...args, '--out', join(dir, 'clean.safetensors'));
    expect(status).toBe(0);
    for (const text of [out, err]) expect(text.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
    expect(`${out}${err}`).not.toMatch(/^used {5}all/m);
    expect(out).toMatch(/^skipped {2}extra\?\[2J/m);
    const json = (await mien(...args, '--json')).out;
    expect(json.trimEnd()).not.toMatch(/\p{C}/u);
    // Nothing is lost of it.
    expect(JSON.parse(json).licence).toBe(`MIT${marks}`);
  });

  it('lists tensors of types that are not read', async () => {
    const head = new DataView(content.buffer, content.byteOffset).getBigUint64(0, true);
    const header = JSON.parse(new TextDecoder().decode(content.subarray(8, 8 + Number(head)))) as Record<string, unknown>;
    const payload = content.subarray(8 + Number(head));
    const json = JSON.stringify({ ...header, mask: { dtype: 'BOOL', shape: [3], data_offsets: [payload.length, payload.length + 3] } });
    const length = new BigUint64Array([BigInt(json.length)]);
    writeFileSync(join(dir, 'mask.safetensors'), Buffer.concat([new Uint8Array(length.buffer), Buffer.from(json), payload, new Uint8Array(3)]));
    const { status, out, err } = await mien('import', join(dir, 'mask.safetensors'), '--model', 'resnet18', ...width);
    expect(status).toBe(0);
    expect(out).toMatch(/^skipped {2}mask \[3\]: its type BOOL is not read$/m);
    expect(err).toMatch(/100 of 103 tensors used.*3 skipped\n1 of those are of types that are not read\n/s);
  });

  it('does not measure batch norms on a locked test split', async () => {
    const args = ['import', join(dir, 'folded.safetensors'), '--model', 'resnet18', ...width, '--data', join(dir, 'store'), '--split', 'private'];
    const { status, err } = await mien(...args, '--out', join(dir, 'locked.safetensors'));
    expect(status).toBe(2);
    expect(err).toMatch(/split private is a locked test split and must not be measured on: .*--split$/m);
    expect(existsSync(join(dir, 'locked.safetensors'))).toBe(false);
  });

  it('unfolds batch norms on the faces of a store', async () => {
    const file = join(dir, 'unfolded.safetensors');
    const args = ['import', join(dir, 'folded.safetensors'), '--model', 'resnet18', ...width, '--out', file];
    const without = await mien(...args);
    expect(without.status).toBe(2);
    expect(without.err).toMatch(/20 of its convolutions hold their batch norm folded in.*--data STORE\n$/);
    expect(existsSync(file)).toBe(false);

    const { status, out, err } = await mien(...args, '--data', join(dir, 'store'), '--rows', '36');
    expect(status).toBe(0);
    expect(err).toMatch(/20 batch norms unfolded, measured on 36 faces of fer, split train/);
    expect(err).toMatch(/init: .*unfolded\.safetensors\n +normalise: \{ mean: 0\.5, std: 0\.25 \}/);
    expect(out).toMatch(/^used {5}conv1\.bias → bn1, folded$/m);
    expect(out).toMatch(/^skipped {2}fc\.weight \[1000,64\]: it is \[1000,64\], the model has \[7,64\]$/m);
    expect(out).toMatch(/^missing {2}fc\.weight \[7,64\]$/m);
    const { tensors } = decodeSafetensors(readFileSync(file), file);
    expect(tensors.size).toBe(20 + 80);
    const variance = tensors.get('layer1.0.bn1.running_var')!.data;
    const gamma = tensors.get('layer1.0.bn1.weight')!.data;
    for (const [c, v] of variance.entries()) expect(gamma[c]).toBeCloseTo(Math.sqrt(v + 1e-5), 5);
  });

  it.each([
    ['another model', ['folded.safetensors', '--model', 'vgg16'], /0 of its 42 tensors fit model vgg16, which wants 32; no model of Mien fits it/],
    ['a model that there is not', ['folded.safetensors', '--model', 'resnet19'], /no such architecture/],
    ['an option that there is not', ['folded.safetensors', '--model', 'resnet18', '--set', 'wide=1'], /there is no option wide/],
    ['text', ['fer.csv', '--model', 'resnet18'], /cannot be read as either/],
    ['a folder', ['store', '--model', 'resnet18'], /this is a folder/],
    ['no file', ['nothing.safetensors', '--model', 'resnet18'], /there is no such file/],
    ['a size that is none', ['folded.safetensors', '--model', 'resnet18', '--input', '2x4'], /--input 2x4: expected/],
  ])('%s is a mistake: exit 2, one line', async (_, [file, ...rest], message) => {
    const { status, out, err } = await mien('import', join(dir, file!), ...rest, '--out', join(dir, 'never.safetensors'));
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(err.trim()).toMatch(message);
    expect(err.trim()).not.toContain('\n');
    expect(readdirSync(dir).filter((name) => name.startsWith('never'))).toEqual([]);
  });
});

describe('options', () => {
  it.each([
    ['width=0.5', ['width', 0.5]],
    ['se=true', ['se', true]],
    ['stem=small', ['stem', 'small']],
    ['widths=48-96', ['widths', '48-96']],
    ['name=', ['name', '']],
    ['a=b=c', ['a', 'b=c']],
  ])('--set %s', (text, expected) => expect(parseAssignment(text)).toEqual(expected));

  it('sizes and normalisations', () => {
    expect(parseInput('3x112x96')).toEqual([3, 112, 96]);
    expect(parseNormalisation('imagenet').mean[0]).toBe(0.485);
    expect(parseNormalisation('0.5/0.25')).toEqual({ mean: [0.5], std: [0.25] });
    expect(parseNormalisation('0.1,0.2,0.3/1,1,2')).toEqual({ mean: [0.1, 0.2, 0.3], std: [1, 1, 2] });
  });

  it.each(['=1', 'width'])('refuses --set %s', (text) => expect(() => parseAssignment(text)).toThrow(/expected OPTION=VALUE/));
  it.each(['3x0x4', '3x4', '2x4x4', '3x4x4x4', 'axbxc'])('refuses --input %s', (text) => expect(() => parseInput(text)).toThrow(/expected channels/));
  it.each(['', '0.5', '0.5/0', '0.5,0.5/0.25,0.25', '0.5/0.1,0.2,0.3', '/', '1/2/3'])('refuses the normalisation %j', (text) =>
    expect(() => parseNormalisation(text)).toThrow(/expected imagenet/),
  );
});
