/** `mien explain`: why a model names an expression, as a map over the face, and which map to believe. */
import { type Command, Option } from 'commander';
import { createSession } from '@mien/onnx/node';
import { openStore } from '@mien/data';
import {
  caveatsOf,
  type Faithfulness,
  explainMethods,
  type ExplainMethod,
  headsOfCard,
  LookingGlass,
  measureFaithfulness,
  methodMeaning,
  methodsFor,
  refuseLevelFaces,
  sampleRows,
} from '@mien/evaluation';
import { readCard, UserError } from '@mien/runtime';
import { defaultDetector } from '@mien/runtime/node';
import { explainFace, type FaceExplanation } from '../explain/explain-face.ts';
import { tailSlopes } from '../explain/tail-slopes.ts';
import { findModel, readModelFile } from '../find-model.ts';
import { note, parseCount, printJson, printText, Progress } from '../output.ts';

/** Rows maps are judged on when no number is given. */
const faithfulnessRows = 200;

interface ExplainFlags {
  model?: string;
  head?: string;
  face?: number;
  wholeImage?: boolean;
  out?: string;
  method?: ExplainMethod;
  class?: string;
  faithfulness?: boolean;
  data?: string;
  split?: string;
  rows?: number;
  seed?: number;
  threads?: number;
  json?: boolean;
}

/** Says what is missing, or would be passed over, before a model is loaded. */
function checkFlags(image: string | undefined, { faithfulness, data, split, out, face, wholeImage, rows, seed, method, class: label }: ExplainFlags): void {
  const refuse = (option: string, why: string): never => {
    throw new UserError('bad-option', `${option}: ${why}`);
  };
  if (face !== undefined && wholeImage) refuse('--face', 'there is only one with --whole-image; give one of the two');
  if (label !== undefined && method === 'attention') refuse('--class', 'attention is the same whatever the class; name another --method');
  if (!faithfulness && (rows ?? seed) !== undefined) refuse(rows === undefined ? '--seed' : '--rows', 'belongs to --faithfulness');
  if (image === undefined && (face ?? wholeImage ?? out ?? method ?? label) !== undefined)
    refuse('--face, --whole-image, --out, --method and --class', 'are of one picture; name it, as `mien explain photo.jpg --out why.png`');
  if (image === undefined && !faithfulness)
    throw new UserError('bad-option', 'expected a picture, as `mien explain photo.jpg --out why.png`, or --faithfulness with --data and --split');
  if (faithfulness && (data === undefined || split === undefined))
    throw new UserError('bad-option', '--faithfulness: needs rows to judge maps on; give --data and --split, as --data data/fer2013 --split public');
  if (!faithfulness && (data ?? split) !== undefined) throw new UserError('bad-option', '--data and --split: belong to --faithfulness');
  if (out !== undefined && !out.endsWith('.png')) throw new UserError('bad-option', `--out ${out}: expected the name of a picture, as why.png`);
}

async function openGlass(file: string, threads: number | undefined, name: string | undefined): Promise<LookingGlass> {
  const model = readModelFile(file);
  const heads = headsOfCard(readCard(model, file));
  const head = name === undefined ? heads[0] : heads.find((each) => each.name === name);
  if (!head) throw new UserError('no-head', `${file}: the model has no head ${name}; it has ${heads.map((each) => each.name).join(', ')}`);
  return LookingGlass.open({ model, file, createSession, head, slopes: tailSlopes, ...(threads ? { threads } : {}) });
}

async function explainPicture(image: string, modelFile: string, glass: LookingGlass, flags: ExplainFlags): Promise<FaceExplanation> {
  const detector = flags.wholeImage ? undefined : await defaultDetector(flags.threads ? { threads: flags.threads } : {});
  try {
    return await explainFace({ image, modelFile, glass, detector, face: flags.face ?? 1, method: flags.method, label: flags.class, out: flags.out, note });
  } finally {
    await detector?.release();
  }
}

type JudgedMaps = Faithfulness & { readonly caveats: readonly string[] };

async function judgeMaps(glass: LookingGlass, file: string, { data, split: name, rows = faithfulnessRows, seed = 1 }: ExplainFlags): Promise<JudgedMaps> {
  const store = await openStore(data!);
  const progress = new Progress();
  try {
    const split = await store.split(name!);
    if (split.count === 0) throw new UserError('empty-split', `split ${name} has no rows to judge maps on`);
    refuseLevelFaces(glass.card, split, file);
    const caveats = await caveatsOf(glass.card, glass.head, store, split);
    const judged = await measureFaithfulness({
      glass,
      split,
      rows: sampleRows(split.count, rows, seed),
      methods: methodsFor(glass),
      seed,
      onProgress: (done, total) => progress.count('faithfulness', done, total),
    });
    return { ...judged, caveats };
  } finally {
    progress.end();
    await store.close();
  }
}

function printExplanation({ file, expression, probabilities, method, label, map, out }: FaceExplanation, glass: LookingGlass): void {
  printText(`${file}: ${expression} ${(100 * probabilities[expression]!).toFixed(0)} %`);
  printText(`  ${method} for ${label}, ${map.height}×${map.width}: ${methodMeaning[method]}`);
  if (method === 'cam' || (method === 'grad-cam' && glass.lastMap!.linear)) {
    printText(
      '  in this network logits are a linear function of the last map, so Grad-CAM is the class-activation map up to a factor, without its negative part',
    );
  }
  if (out === undefined) note('give --out why.png to see it over the face');
  else note(`written: ${out}`);
}

function printFaithfulness({ n, steps, seed, methods, verdict, caveats }: JudgedMaps): void {
  const figure = ({ value, interval95: [low, high] }: Faithfulness['methods'][number]['deletion']): string =>
    `${value.toFixed(3)} (${low.toFixed(3)} – ${high.toFixed(3)})`.padStart(24);
  printText(`faithfulness on ${n} rows (seed ${seed}), ${steps} steps; 95 % intervals${caveats.length > 0 ? ` (${caveats.join('; ')})` : ''}`);
  printText(`${'map'.padEnd(12)}${['deletion, low is good', 'insertion, high is good', 'better than random by'].map((head) => head.padStart(24)).join('')}`);
  for (const { method, deletion, insertion, beyondRandom } of methods) {
    printText(`${method.padEnd(12)}${figure(deletion)}${figure(insertion)}${method === 'random' ? '–'.padStart(24) : figure(beyondRandom)}`);
  }
  printText(verdict);
}

async function explain(image: string | undefined, flags: ExplainFlags): Promise<void> {
  checkFlags(image, flags);
  const file = findModel(flags.model);
  const glass = await openGlass(file, flags.threads, flags.head);
  try {
    if (glass.lastMap && !glass.slopes)
      note(`${file}: its last layers hold a node without a derivative here: slopes of class maps are measured by central differences`);
    const explanation = image === undefined ? undefined : await explainPicture(image, file, glass, flags);
    if (explanation && !flags.json) printExplanation(explanation, glass);
    const faithfulness = flags.faithfulness ? await judgeMaps(glass, file, flags) : undefined;
    if (flags.json) {
      const shown = explanation && { ...explanation, map: { ...explanation.map, values: [...explanation.map.values] } };
      printJson({
        model: file,
        methods: methodsFor(glass),
        ...(glass.lastMap ? { slopes: glass.slopes ? 'differentiated' : 'measured' } : {}),
        ...shown,
        ...(faithfulness ? { faithfulness } : {}),
      });
    } else if (faithfulness) printFaithfulness(faithfulness);
  } finally {
    await glass.release();
  }
}

export function addExplainVerb(program: Command): void {
  program
    .command('explain')
    .argument('[image]', 'a picture with a face')
    .option('--model <model>', '.onnx file, run folder, or name of a released model')
    .option('--head <name>', 'output to explain, as votes for one with contempt (default: the main one)')
    .option('--face <n>', 'which face, from the left (default: 1)', parseCount('--face', 1, 10_000))
    .option('--whole-image', 'the picture is a face crop already: look for no faces')
    .option('--out <png>', 'write the face and the map over it')
    .addOption(new Option('--method <method>', 'kind of map (default: the first the network allows)').choices(explainMethods))
    .option('--class <label>', 'the expression to explain (default: what the model says)')
    .option('--faithfulness', 'deletion and insertion of each kind of map and of random ones, over rows of --data and --split')
    .option('--data <dir>', 'store made by `mien data import`')
    .option('--split <name>', 'split of the store')
    .option('--rows <n>', `rows to judge the maps on (default: ${faithfulnessRows})`, parseCount('--rows', 2, 1e9))
    .option('--seed <n>', 'seed of the rows and of random maps (default: 1)', parseCount('--seed', 0, 2 ** 31))
    .option('--threads <n>', 'threads (default: all cores)', parseCount('--threads', 1, 256))
    .option('--json', 'print as JSON, with the map')
    .addHelpText(
      'after',
      '\nExamples:\n  mien explain photo.jpg --out why.png\n  mien explain photo.jpg --class sad --method occlusion --out why-sad.png\n  mien explain photo.jpg --head votes --class contempt --out why-contempt.png\n  mien explain --faithfulness --data data/fer2013 --split public',
    )
    .action(explain);
}
