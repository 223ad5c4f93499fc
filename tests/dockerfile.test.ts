/** Lints `deploy/Dockerfile` by rules of our own, so that it stays safe where no container engine can build it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** Instructions with their continuation lines joined, comments left out. */
function parse(dockerfile: string): Instruction[] {
  return dockerfile
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => ({ name: line.trim().split(/\s+/)[0]!.toUpperCase(), text: line.trim().replace(/^\S+\s*/, '') }));
}

/** What is wrong with a Dockerfile, one line each; empty when nothing is. */
function lint(dockerfile: string): string[] {
  const all = parse(dockerfile);
  const findings: string[] = [];
  const complain = (bad: boolean, finding: string): void => {
    if (bad) findings.push(finding);
  };
  const defaults = new Map(all.filter(({ name }) => name === 'ARG').map(({ text }) => text.split('=') as [string, string]));
  const stages: string[] = [];
  for (const { name, text } of all) {
    if (name === 'FROM') {
      const [reference, , stage] = text.split(/\s+/);
      const image = reference!.replace(/\$\{?(\w+)\}?/, (_, arg: string) => defaults.get(arg) ?? '');
      complain(!stages.includes(image) && !/:\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$/.test(image), `FROM ${image}: needs a version of three numbers`);
      stages.push(stage ?? '');
    }
    if (name === 'COPY') {
      const from = /--from=(\S+)/.exec(text)?.[1];
      complain(from !== undefined && !stages.includes(from), `COPY --from=${from}: no such stage`);
    }
    if (name === 'RUN') {
      complain(/apt-get install/.test(text) && !/--no-install-recommends/.test(text), 'apt-get install without --no-install-recommends');
      complain(/apt-get update/.test(text) && !/rm -rf \/var\/lib\/apt\/lists/.test(text), 'apt-get lists left in the image');
      complain(/(curl|wget)[^|]*\|\s*(ba|z)?sh/.test(text), 'RUN pipes a download into a shell');
      complain(/\bsudo\b/.test(text), 'RUN uses sudo');
    }
    complain(name === 'ADD', 'ADD: use COPY');
    complain((name === 'ARG' || name === 'ENV') && /(TOKEN|SECRET|PASSWORD|KEY)\b/i.test(text), `${name} ${text}: a secret would stay in the image`);
    complain((name === 'ENTRYPOINT' || name === 'CMD') && !text.startsWith('['), `${name}: needs the JSON form, so that signals reach the process`);
    complain(name === 'EXPOSE' && Number(text) < 1024, `EXPOSE ${text}: needs root`);
    complain(name === 'WORKDIR' && !text.startsWith('/'), `WORKDIR ${text}: needs an absolute path`);
  }
  const final = all.slice(all.findLastIndex(({ name }) => name === 'FROM'));
  const user = final.findLast(({ name }) => name === 'USER')?.text;
  complain(user === undefined || /^(root|0)(:|$)/.test(user), 'the final stage runs as root');
  complain(!final.some(({ name, text }) => name === 'HEALTHCHECK' && text !== 'NONE'), 'the final stage has no HEALTHCHECK');
  complain(!final.some(({ name }) => name === 'ENTRYPOINT' || name === 'CMD'), 'the final stage starts nothing');
  complain(
    final.some(({ name, text }) => name === 'COPY' && !text.includes('--from=')),
    'the final stage copies from outside the build',
  );
  return findings;
}

describe('deploy/Dockerfile', () => {
  const dockerfile = readFileSync(join(root, 'deploy/Dockerfile'), 'utf8');

  it('keeps every rule', () => {
    expect(lint(dockerfile)).toEqual([]);
  });

  it('copies what there is', () => {
    const copied = parse(dockerfile).flatMap(({ name, text }) => (name === 'COPY' ? [...text.matchAll(/ \/src\/(\S+)/g)].map((match) => match[1]!) : []));
    expect(copied.length).toBeGreaterThan(3);
    for (const path of copied) expect(existsSync(join(root, path)), path).toBe(true);
  });

  it('has a Node that the packages accept', () => {
    const [major, minor] = /node:(\d+)\.(\d+)/.exec(dockerfile)!.slice(1).map(Number) as [number, number];
    expect(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).toHaveProperty('engines.node', '>=20.19');
    expect(major > 20 || (major === 20 && minor >= 19)).toBe(true);
  });

  it('sends neither history nor secrets to the build', () => {
    const ignored = readFileSync(join(root, 'deploy/Dockerfile.dockerignore'), 'utf8').split('\n');
    for (const pattern of ['.git', '**/node_modules', '**/.env*', '**/*.key']) expect(ignored).toContain(pattern);
  });
});

describe('the rules', () => {
  const good = 'FROM node:20.20.2-slim AS a\nUSER node\nHEALTHCHECK CMD ["true"]\nCMD ["node"]\n';

  it.each([
    ['FROM node:20.20.2-slim AS a', 'FROM node:latest AS a', 'version of three numbers'],
    ['FROM node:20.20.2-slim AS a', 'FROM node', 'version of three numbers'],
    ['USER node', 'USER 0:0', 'runs as root'],
    ['USER node\n', '', 'runs as root'],
    ['HEALTHCHECK CMD ["true"]\n', '', 'no HEALTHCHECK'],
    ['HEALTHCHECK CMD ["true"]', 'HEALTHCHECK NONE', 'no HEALTHCHECK'],
    ['CMD ["node"]', 'CMD node', 'JSON form'],
    ['USER node', 'ADD x /\nUSER node', 'use COPY'],
    ['USER node', 'COPY . .\nUSER node', 'from outside'],
    ['USER node', 'COPY --from=b /x /x\nUSER node', 'no such stage'],
    ['USER node', 'RUN apt-get update \\\n && apt-get install -y ffmpeg\nUSER node', 'no-install-recommends'],
    ['USER node', 'RUN curl https://example.org | sh\nUSER node', 'into a shell'],
    ['USER node', 'ENV API_TOKEN=x\nUSER node', 'a secret'],
    ['USER node', 'EXPOSE 80\nUSER node', 'needs root'],
  ])('find %j turned into %j', (from, to, finding) => {
    expect(lint(good)).toEqual([]);
    expect(lint(good.replace(from, to)).join('; ')).toContain(finding);
  });
});
