// Packs every package, installs the tarballs into an empty project, and uses them there as a stranger would.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const dir = mkdtempSync(join(tmpdir(), 'mien-pack-'));
const run = (command, args, cwd) => execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

try {
  run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', dir, ...workspaces.flatMap((w) => ['-w', w])], root);
  const tarballs = readdirSync(dir).filter((file) => file.endsWith('.tgz'));
  if (tarballs.length !== workspaces.length) throw new Error(`packed ${tarballs.length} of ${workspaces.length} packages`);
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
  writeFileSync(join(dir, '.npmrc'), 'onnxruntime-node-install=skip\naudit=false\nfund=false\n');
  run('npm', ['install', '--silent', ...tarballs.map((file) => `./${file}`)], dir);
  const mien = (...args) => run('npx', ['--no-install', 'mien', ...args], dir);
  const models = JSON.parse(mien('models', '--json'));
  const photo = join(root, 'node_modules/@vladmandic/face-api/demo/sample1.jpg');
  const [line] = mien('predict', photo, '--json').trim().split('\n');
  const { faces } = JSON.parse(line);
  if (models.length < 4 || faces.length < 1) throw new Error(`expected models and a face, got ${models.length} and ${faces.length}`);
  for (const name of [
    '@mien/onnx',
    '@mien/engine',
    '@mien/models',
    '@mien/runtime',
    '@mien/runtime/node',
    '@mien/data',
    '@mien/evaluation',
    '@mien/training',
    '@mien/server',
    '@mien/jobs',
    '@mien/jobs/redis',
    '@mien/labelling',
  ]) {
    run('node', ['-e', `import('${name}').then((m) => { if (Object.keys(m).length === 0) throw new Error('${name} exports nothing'); })`], dir);
  }
  console.log(`pack: ${tarballs.length} packages install into an empty project; ${faces.length} faces found there`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
