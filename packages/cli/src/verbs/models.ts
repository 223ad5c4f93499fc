/** `mien models`: the architectures, with parameters, operations and layers. */
import type { Command } from 'commander';
import { describeNetwork } from '@mien/engine';
import { architectures, findArchitecture } from '@mien/models';
import { expressions, UserError } from '@mien/runtime';
import { printJson, printText } from '../output.ts';

const count = (n: number): string => n.toLocaleString('en-US');

export function addModelsVerb(program: Command): void {
  program
    .command('models')
    .argument('[name]', 'show the layers of one architecture')
    .description('list the architectures with parameters and operations')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  mien models se-cnn-improved')
    .action((name: string | undefined, flags: { json?: boolean }) => {
      const chosen = name ? [findArchitecture(name)].filter((a) => a !== undefined) : architectures;
      if (chosen.length === 0) throw new UserError('no-model', `${name}: no such architecture; there are ${architectures.map((a) => a.name).join(', ')}`);
      const summaries = chosen.map((a) => ({
        name: a.name,
        description: a.description,
        ...describeNetwork(a.build({ classes: expressions.length }), a.input),
      }));
      if (flags.json) {
        printJson(summaries);
        return;
      }
      for (const s of summaries) {
        printText(
          `${s.name.padEnd(20)} ${s.input.join('×').padEnd(9)} ${count(s.params.total).padStart(12)} parameters  ${(s.flops / 1e9).toFixed(3).padStart(6)} GFLOP  ${s.description}`,
        );
        if (!name) continue;
        for (const layer of s.layers)
          printText(`  ${layer.name.padEnd(28)} ${layer.type.padEnd(16)} ${layer.output.join('×').padEnd(12)} ${count(layer.params).padStart(12)}`);
      }
    });
}
