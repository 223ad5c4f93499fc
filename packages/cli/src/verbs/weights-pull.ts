/** `mien weights pull`. */
import { createInterface } from 'node:readline/promises';
import { UserError } from '@mien/runtime';
import { planPull, type PullPlan, pullWeights } from '@mien/models/node';
import { formatDuration, note, printJson, printText, Progress } from '../output.ts';

export interface PullFlags {
  yes?: boolean;
  revision?: string;
  endpoint?: string;
  sha256?: string;
  json?: boolean;
}

const MB = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function describe({ repo, file, url, bytes, licence, sha256, commit, revision, model, target, cached, damaged }: PullPlan): string {
  return [
    `${repo}/${file} from ${url.host}`,
    `  size      ${MB(bytes)}${cached ? ', here already' : damaged ? '; what is here is damaged: its size or checksum is wrong' : ''}`,
    `  licence   ${licence ?? `not known to Mien; see ${url.origin}/${repo}`}`,
    `  sha256    ${sha256}`,
    `  version   ${commit ?? revision}`,
    `  fits      ${model ?? 'not known; `mien weights import` finds out'}`,
    `  goes to   ${target}`,
  ].join('\n');
}

/** Asks on the terminal. Throws `UserError` where nobody can answer. */
async function agrees(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UserError('not-asked', 'nothing is downloaded without consent, and there is no terminal to ask at; add --yes');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim());
  } finally {
    terminal.close();
  }
}

export async function pullVerb(name: string, { yes, json, revision, endpoint, sha256 }: PullFlags): Promise<void> {
  const plan = await planPull(name, { ...(revision ? { revision } : {}), ...(endpoint ? { endpoint } : {}), ...(sha256 ? { sha256 } : {}) });
  note(describe(plan));
  if (!plan.cached && !yes && !(await agrees(`Download it${plan.damaged ? ' again' : ''}? [y/N] `))) {
    note('not downloaded');
    return;
  }
  const progress = new Progress();
  const began = performance.now();
  let first: number | undefined;
  await pullWeights(plan, {
    onProgress: (bytes) => {
      first ??= bytes;
      const rate = (bytes - first) / ((performance.now() - began) / 1000);
      progress.update(
        () =>
          `${MB(bytes)} of ${MB(plan.bytes)} (${Math.floor((100 * bytes) / plan.bytes)} %), ${MB(rate)}/s, ${formatDuration((plan.bytes - bytes) / rate)} left`,
      );
    },
  });
  progress.end();
  const { repo, file, bytes, commit, licence, model, target } = plan;
  if (json) printJson({ repo, file, bytes, sha256: plan.sha256, commit, licence, model, path: target });
  else printText(target);
  note(
    `checksum right. Next: mien weights import ${repo} --model ${model ?? 'NAME'}${model === undefined ? ` --licence ${licence ?? 'LICENCE'}` : ''} --out init.safetensors`,
  );
}
