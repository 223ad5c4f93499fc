/** `mien export`: a run becomes one ONNX file that carries its card. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { decodeModel, encodeModel } from '@mien/onnx';
import { type Evaluation, withMainHead, withNote } from '@mien/evaluation';
import { readCard, UserError, withCard } from '@mien/runtime';
import { writeAtomically } from '@mien/training/run-folder';
import { findModel } from '../find-model.ts';
import { findThresholdOn, fitTemperatureOn, measureModel, type NamedRows, percent } from '../measure-model.ts';
import { makeRoomFor } from '../make-room-for.ts';
import { note, parseCount, printJson } from '../output.ts';
import { type Comparison, roundingOf, tellComparison, withComparison } from '../rounding.ts';

interface ExportFlags {
  out: string;
  fp16?: boolean;
  int8?: boolean;
  head?: string;
  data?: string;
  split?: string;
  temperatureFrom?: string;
  temperatureSplit?: string;
  temperatureShare?: number;
  sameRows?: boolean;
  abstainRisk?: number;
  threads?: number;
  json?: boolean;
}

/** The rows to measure on, and those to fit the temperature on; `--split` names the rows of whichever stands alone. */
function rowsOf({ data, split, temperatureFrom, temperatureSplit, temperatureShare, sameRows, abstainRisk }: ExportFlags): {
  measured?: NamedRows;
  fitted?: NamedRows;
} {
  const rows = (dirOption: string, dir: string, splitOption: string, name: string | undefined): NamedRows => {
    if (name === undefined) throw new UserError('bad-option', `${dirOption} ${dir}: name the split too, with ${splitOption}`);
    return { dir, split: name };
  };
  if (data === undefined && temperatureFrom === undefined && split !== undefined)
    throw new UserError('bad-option', `--split ${split}: of which data? give --data to measure the file, or --temperature-from to fit its temperature`);
  if (temperatureFrom === undefined && temperatureSplit !== undefined)
    throw new UserError('bad-option', `--temperature-split ${temperatureSplit}: of which data? give --temperature-from too`);
  if (temperatureFrom === undefined && temperatureShare !== undefined)
    throw new UserError('bad-option', `--temperature-share ${temperatureShare}: of which rows? give --temperature-from too`);
  if (temperatureFrom === undefined && sameRows)
    throw new UserError('bad-option', '--same-rows: belongs to --temperature-from; give that too, or leave it out');
  const alone = data === undefined ? split : undefined;
  if (abstainRisk !== undefined && temperatureFrom === undefined)
    throw new UserError('bad-option', `--abstain-risk ${abstainRisk}: on which rows? give --temperature-from too`);
  return {
    ...(data === undefined ? {} : { measured: rows('--data', data, '--split', split) }),
    ...(temperatureFrom === undefined ? {} : { fitted: rows('--temperature-from', temperatureFrom, '--temperature-split', temperatureSplit ?? alone) }),
  };
}

const parseShare =
  (option: string, of: string, example: string) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !(value > 0 && value < 1))
      throw new UserError('bad-option', `${option} ${text}: expected a share of ${of} between 0 and 1, as ${example}`);
    return value;
  };

const summary = ({ n, accuracy, accuracy95, macroF1, nll, ece }: Evaluation) => ({ n, accuracy, accuracy95, macroF1, nll, ece });

async function exportModel(model: string, flags: ExportFlags): Promise<void> {
  const rounding = roundingOf(flags);
  const { measured, fitted } = rowsOf(flags);
  const { threads, sameRows = false, temperatureShare: share } = flags;
  const file = findModel(model);
  const original: Uint8Array = new Uint8Array(readFileSync(file));
  // First, for it says in a line what is no model.
  let card = readCard(original, file);
  const bytes = rounding ? encodeModel(rounding.round(decodeModel(original))) : original;
  if (flags.head !== undefined) card = withMainHead(card, flags.head, file);
  makeRoomFor(flags.out);
  if (rounding) card = { ...card, figures: withNote(card.figures, `measured before the weights were kept as ${rounding.name}`) };

  const temperature = fitted && (await fitTemperatureOn({ model: withCard(bytes, card), file, rows: fitted, threads, sameRows, share }));
  if (temperature) {
    ({ card } = temperature);
    for (const { head, temperature: T, n, before, after } of temperature.heads) {
      note(
        `temperature ${T.toFixed(3)} of ${head} fitted on ${temperature.dataset} ${fitted.split}, n ${n}: negative log likelihood ${before.toFixed(4)} → ${after.toFixed(4)}`,
      );
      if (T < 0.101 || T > 9.9) note('this is an end of the range that is searched, 0.1 to 10: what the model says has little to do with these labels');
    }
    for (const why of temperature.left) note(`another output keeps its temperature: ${why}`);
  }
  if (readCard(original, file).abstain && !card.abstain && flags.abstainRisk === undefined)
    note('the card no longer says below which confidence to say "not sure", which was found for other probabilities; give --abstain-risk to find it anew');
  if (flags.abstainRisk !== undefined && fitted) {
    const found = await findThresholdOn({ model: withCard(bytes, card), file, rows: fitted, threads, risk: flags.abstainRisk });
    ({ card } = found);
    note(
      `not sure below ${found.threshold.toFixed(4)}: at most ${percent(flags.abstainRisk)} wrong on those ${found.n} rows, of which it answers ${percent(found.coverage)}`,
    );
    if (found.caveats.length > 0) note(`expect more wrong answers on new faces: those rows are ${found.caveats.join('; ')}`);
  }
  let comparisons: Comparison[] = [];
  if (measured) {
    const before = rounding && (await measureModel({ model: withCard(original, card), file, rows: measured, threads }, 'measuring before rounding'));
    const after = await measureModel({ model: withCard(bytes, card), file, rows: measured, threads });
    const areSame = temperature?.dataset === after[0].dataset && fitted?.split === measured.split;
    if (areSame && !sameRows && share === undefined) {
      throw new UserError(
        'same-rows',
        `--split ${measured.split}: the temperature was fitted on these very rows; measure on others, fit on a part with --temperature-share 0.5, or say that this is meant with --same-rows, which the card will tell`,
      );
    }
    comparisons = after.map((each, i) => ({ after: each, before: before?.[i] }));
    card = comparisons.toReversed().reduce((known, comparison) => withComparison(known, comparison, rounding), card);
    for (const comparison of comparisons) tellComparison(comparison, rounding);
  }

  const result = withCard(bytes, card);
  writeAtomically(flags.out, result);
  if (flags.json) {
    const { after, before } = comparisons[0] ?? {};
    const figures = { ...(after ? { measured: summary(after.evaluation) } : {}), ...(before ? { before: summary(before.evaluation) } : {}) };
    printJson({ file: flags.out, bytes: result.length, card, ...figures, ...(temperature ? { temperature: temperature.heads[0].temperature } : {}) });
  } else note(`${flags.out}: ${(result.length / 1e6).toFixed(2)} MB, ${card.name} (${card.architecture}), labels ${card.labels.join(', ')}`);
}

const examples = `
Examples:
  mien export runs/first --fp16 --out model.onnx
  mien export runs/first --int8 --data data/fer2013 --split public --out small.onnx
  mien export runs/first --temperature-from data/fer2013 --split held-out --out calibrated.onnx
  mien export runs/first --int8 --data data/fer2013 --split public --temperature-from data/fer2013 --temperature-split public --temperature-share 0.5 --out half.onnx
  mien export runs/votes --head votes --out votes.onnx`;

export function addExportVerb(program: Command): void {
  program
    .command('export')
    .argument('<model>', 'run folder, .onnx file or name of a released model')
    .requiredOption('--out <file>', 'the file to write, as model.onnx')
    .option('--fp16', 'keep large weights as float16: half the size, computed in float32')
    .option('--int8', 'keep large weights as int8: about a quarter of the size, computed in float32')
    .option('--data <dir>', 'store to measure the file on, before and after rounding; written to the card')
    .option('--split <name>', 'split of --data, or of --temperature-from where that stands alone')
    .option('--temperature-from <dir>', 'store to fit the temperature on, so that probabilities mean what they say')
    .option('--temperature-split <name>', 'split of --temperature-from')
    .option(
      '--temperature-share <share>',
      'fit on this part of those rows only, as 0.5, so that the others can be judged',
      parseShare('--temperature-share', 'the rows', '0.5'),
    )
    .option(
      '--abstain-risk <share>',
      'write to the card below which confidence to say "not sure": at most this share of answers was wrong on those rows',
      parseShare('--abstain-risk', 'wrong answers', '0.2'),
    )
    .option('--same-rows', 'allow fitting the temperature on rows the card has figures of; the card will tell')
    .option('--head <name>', 'output that becomes the main one, as votes; the others stay beside it')
    .option('--threads <n>', 'threads (default: all cores)', parseCount('--threads', 1, 256))
    .option('--json', 'print file, bytes, card and figures as JSON')
    .addHelpText('after', examples)
    .action(exportModel);
}
