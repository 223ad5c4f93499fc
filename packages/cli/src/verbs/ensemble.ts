/** `mien ensemble`: several models, or several views of one, as one ONNX file. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import { createSession } from '@mien/onnx/node';
import { decodeModel, encodeModel } from '@mien/onnx';
import { UserError, withCard } from '@mien/runtime';
import { buildEnsemble, describeBridge, type Member, readMember } from '@mien/training';
import { writeAtomically } from '@mien/training/run-folder';
import { findModel, readModelFile } from '../find-model.ts';
import { measureModel } from '../measure-model.ts';
import { makeRoomFor } from '../make-room-for.ts';
import { note, parseCount, printJson } from '../output.ts';
import { roundingOf, tellComparison, withComparison } from '../rounding.ts';

interface EnsembleFlags {
  out: string;
  name?: string;
  flip?: boolean;
  crops?: boolean;
  size?: number;
  fp16?: boolean;
  int8?: boolean;
  data?: string;
  split?: string;
  threads?: number;
  json?: boolean;
}

/** What ONNX Runtime cannot load is not written. */
async function checkLoads(bytes: Uint8Array): Promise<void> {
  const session = await createSession(bytes);
  await session.release();
}

async function ensemble(models: readonly string[], flags: EnsembleFlags): Promise<void> {
  const { out, flip = false, crops = false, size, threads } = flags;
  if ((flags.data === undefined) !== (flags.split === undefined))
    throw new UserError('bad-option', '--data and --split belong together: the store, and its split to measure on');
  if (models.length === 1 && !flip && !crops)
    throw new UserError('bad-option', 'one model alone is no ensemble; name another one, or average its views with --flip or --crops');
  const rounding = roundingOf(flags);
  const members = models.map((model) => {
    const file = findModel(model);
    return readMember(readModelFile(file), file);
  }) as [Member, ...Member[]];
  const built = buildEnsemble({ members, name: flags.name ?? basename(out).replace(/\.onnx$/, ''), flip, crops, size });
  makeRoomFor(out);
  for (const member of members) note(`${member.file}: the picture ${describeBridge(member, built.picture)}`);
  const bytes = rounding ? encodeModel(rounding.round(decodeModel(built.bytes))) : built.bytes;
  await checkLoads(bytes);
  let { card } = built;
  if (flags.data !== undefined && flags.split !== undefined) {
    const rows = { dir: flags.data, split: flags.split };
    const before = rounding && (await measureModel({ model: built.bytes, file: out, rows, threads }, 'measuring before rounding'));
    const after = await measureModel({ model: bytes, file: out, rows, threads });
    const comparisons = after.map((each, i) => ({ after: each, before: before?.[i] }));
    for (const each of comparisons) tellComparison(each, rounding);
    card = comparisons.toReversed().reduce((known, each) => withComparison(known, each, rounding), card);
  }
  const result = withCard(bytes, card);
  writeAtomically(out, result);
  if (flags.json) printJson({ file: out, bytes: result.length, card });
  else note(`${out}: ${(result.length / 1e6).toFixed(2)} MB, ${card.description}; input ${card.preprocessing.input.shape.join('×')}`);
}

const examples = `
The file answers with the mean of its members' probabilities. It takes crops as large as the largest member wants them, and each
member's resizing happens inside. With --size at the size of the stored training images, members trained on those see
exactly what they were trained on.

Examples:
  mien ensemble runs/a runs/b runs/c --out three.onnx --data data/fer2013 --split public
  mien ensemble mien-seresnet --flip --crops --out seresnet-views.onnx`;

export function addEnsembleVerb(program: Command): void {
  program
    .command('ensemble')
    .argument('<models...>', '.onnx files, run folders or names of released models')
    .requiredOption('--out <file>', 'the file to write, as ensemble.onnx')
    .option('--name <name>', 'name on the card (default: that of the file)')
    .option('--flip', 'average over the mirror image too: twice the work')
    .option('--crops', 'average over crops at the corners too, for models that see less than the picture: five times the work')
    .option('--size <px>', 'side of the crops the file takes (default: the largest a member resizes to)', parseCount('--size', 8, 4096))
    .option('--fp16', 'keep large weights as float16')
    .option('--int8', 'keep large weights as int8')
    .option('--data <dir>', 'store to measure the file on; written to the card')
    .option('--split <name>', 'split of --data')
    .option('--threads <n>', 'threads (default: all cores)', parseCount('--threads', 1, 256))
    .option('--json', 'print file, bytes and card as JSON')
    .addHelpText('after', examples)
    .action(ensemble);
}
