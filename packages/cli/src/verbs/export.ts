/** `mien export`: a run becomes one ONNX file that carries its card. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { decodeModel, encodeModel, halveWeights } from '@mien/onnx';
import { readCard } from '@mien/runtime';
import { writeAtomically } from '@mien/training/run-folder';
import { findModel } from '../find-model.ts';
import { note, printJson } from '../output.ts';

export function addExportVerb(program: Command): void {
  program
    .command('export')
    .argument('<model>', 'run folder or .onnx file')
    .description('write one ONNX file with its card')
    .requiredOption('--out <file>', 'the file to write, as model.onnx')
    .option('--fp16', 'keep large weights as float16: half the size, computed in float32')
    .option('--json', 'print file, bytes and card as JSON')
    .addHelpText('after', '\nExample:\n  mien export runs/first --fp16 --out model.onnx')
    .action((model: string, flags: { out: string; fp16?: boolean; json?: boolean }) => {
      const source = findModel(model);
      let bytes: Uint8Array = new Uint8Array(readFileSync(source));
      const card = readCard(bytes, source);
      if (flags.fp16) bytes = encodeModel(halveWeights(decodeModel(bytes)));
      writeAtomically(flags.out, bytes);
      if (flags.json) printJson({ file: flags.out, bytes: bytes.length, card });
      else note(`${flags.out}: ${(bytes.length / 1e6).toFixed(2)} MB, ${card.name} (${card.architecture}), labels ${card.labels.join(', ')}`);
    });
}
