import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildNetwork } from '@mien/engine';
import { expressions, UserError } from '@mien/runtime';
import { afterAll, describe, expect, it } from 'vitest';
import { planNetwork } from './network-plan.ts';
import { checkRecipe, loadRecipe, recipeNames } from './recipe.ts';
import { checkWeightGroups } from './weight-groups.ts';

const dir = mkdtempSync(join(tmpdir(), 'mien-recipe-test-'));
afterAll(() => rmSync(dir, { recursive: true }));

let files = 0;
function file(text: string): string {
  const path = join(dir, `r${files++}.yaml`);
  writeFileSync(path, text);
  return path;
}

const minimal = { name: 'r', model: 'se-cnn', epochs: 2, optimizer: { kind: 'adam', learningRate: 0.001 } };

function refusal(action: () => unknown): UserError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).not.toContain('\n');
    return error as UserError;
  }
  throw new Error('was accepted');
}

describe('the recipes that come with Mien', () => {
  it.each(recipeNames())('%s is valid, carries its own name, and its stages fit its network', (name) => {
    const recipe = loadRecipe(name);
    expect(recipe.name).toBe(name);
    const plan = planNetwork(recipe, [1, 48, 48], expressions);
    const { specs } = buildNetwork(plan.network, plan.input, { mode: 'infer', batch: 1 });
    const trainable = specs.filter((spec) => spec.kind === 'trainable').map((spec) => spec.name);
    for (const stage of recipe.stages) expect(() => checkWeightGroups(stage, trainable, name)).not.toThrow();
  });
});

describe('systems A and E', () => {
  it.each([['resnet18-cbam'], ['resnet18-cbam-budget'], ['resnet18-patch-attention'], ['resnet18-patch-attention-budget']])(
    '%s: system E’s list of augmentations',
    (name) => {
      expect(
        loadRecipe(name)
          .stages.at(-1)!
          .augmentation.map(({ op }) => op),
      ).toEqual(['flip', 'brightness', 'contrast', 'blur', 'cutout']);
    },
  );
});

describe('checkRecipe', () => {
  it('fills in every default', () => {
    const recipe = checkRecipe(minimal, 'r');
    expect(recipe).toMatchObject({
      seed: 1,
      data: { train: 'train', validation: { fraction: 0.1 }, fraction: 1 },
      checkpoint: { everySteps: 200 },
      stages: [
        {
          epochs: 2,
          batch: 64,
          accumulate: 1,
          ema: 0,
          schedule: { kind: 'constant', warmupEpochs: 0 },
          optimizer: { beta1: 0.9, beta2: 0.999, weightDecay: 0, groups: [] },
          loss: { labelSmoothing: 0, classWeights: 'none' },
        },
      ],
    });
    expect(checkRecipe(JSON.parse(JSON.stringify(recipe)), 'again')).toEqual(recipe);
  });

  it.each([
    ['an unknown key', { ...minimal, epoch: 3 }, /epoch/],
    ['an unknown key within', { ...minimal, loss: { smoothing: 0.1 } }, /loss: .*smoothing/],
    ['a key of another optimiser', { ...minimal, optimizer: { kind: 'adam', learningRate: 1, momentum: 0.9 } }, /optimizer: .*momentum/],
    ['an unknown optimiser', { ...minimal, optimizer: { kind: 'lion', learningRate: 1 } }, /optimizer/],
    ['a negative rate', { ...minimal, optimizer: { kind: 'sgd', learningRate: -1 } }, /optimizer\.learningRate/],
    ['a rate that is no number', { ...minimal, optimizer: { kind: 'sgd', learningRate: Number.NaN } }, /optimizer\.learningRate/],
    ['no epochs', { ...minimal, epochs: 0 }, /epochs/],
    ['half a batch', { ...minimal, batch: 1.5 }, /batch/],
    ['a fraction of everything', { ...minimal, data: { validation: { fraction: 1 } } }, /data\.validation/],
    ['smoothing to nothing', { ...minimal, loss: { labelSmoothing: 1 } }, /loss\.labelSmoothing/],
    ['a deviation of 0', { ...minimal, normalise: { mean: 0, std: 0 } }, /normalise\.std/],
    ['an unknown augmentation', { ...minimal, augmentation: [{ op: 'mosaic' }] }, /augmentation\.0/],
    ['a missing model', { name: 'r', epochs: 1, optimizer: minimal.optimizer }, /model/],
    ['a list', [], /recipe/],
  ])('refuses %s, naming the field', (_, value, message) => {
    const error = refusal(() => checkRecipe(value, 'my.yaml'));
    expect(error.code).toBe('bad-recipe');
    expect(error.message).toMatch(/^my\.yaml: /);
    expect(error.message).toMatch(message);
  });
});

describe('a recipe with stages', () => {
  const staged = {
    ...minimal,
    loss: { labelSmoothing: 0.1, classWeights: 'balanced' },
    stages: [
      { name: 'head', trainable: ['fc'] },
      { name: 'all', epochs: 7, optimizer: { learningRate: 0.1 }, loss: { labelSmoothing: 0 } },
      { name: 'sgd', optimizer: { kind: 'sgd', learningRate: 1 } },
    ],
  };

  it('gives each stage what it does not say itself, field by field; another kind of optimiser replaces the whole', () => {
    const [head, all, sgd] = checkRecipe(staged, 'r').stages;
    expect(head).toMatchObject({ name: 'head', epochs: 2, trainable: ['fc'], optimizer: { kind: 'adam', learningRate: 0.001 } });
    expect(all).toMatchObject({
      epochs: 7,
      trainable: [],
      optimizer: { kind: 'adam', learningRate: 0.1 },
      loss: { labelSmoothing: 0, classWeights: 'balanced' },
    });
    expect(sgd!.optimizer).toEqual({ kind: 'sgd', learningRate: 1, momentum: 0.9, nesterov: true, weightDecay: 0, groups: [] });
  });

  it('is the same when its checked form is checked again', () => {
    const recipe = checkRecipe(staged, 'r');
    expect(checkRecipe(JSON.parse(JSON.stringify(recipe)), 'again')).toEqual(recipe);
  });

  it('names stage and field of a mistake, and the field that was meant', () => {
    expect(refusal(() => checkRecipe({ ...staged, stages: [{}, { epoch: 2 }] }, 'r')).message).toBe(
      'r: stages.1: there is no field epoch; did you mean epochs?',
    );
    expect(refusal(() => checkRecipe({ ...staged, stages: [{ optimizer: { learningrate: 1 } }] }, 'r')).message).toMatch(/did you mean learningRate/);
    expect(refusal(() => checkRecipe({ ...staged, stages: [] }, 'r')).message).toMatch(/stages: expected a list/);
    expect(refusal(() => checkRecipe({ ...staged, modelOption: {} }, 'r')).message).toMatch(/did you mean modelOptions/);
    // A field within one of several forms; and a misspelt one that makes the one that was meant missing.
    const said = (changes: object): string => refusal(() => checkRecipe({ ...minimal, ...changes }, 'r')).message;
    expect(said({ data: { validation: { fractoin: 0.2 } } })).toBe('r: data.validation: there is no field fractoin; did you mean fraction?');
    expect(said({ data: { validation: { fraction: '10%' } } })).toBe('r: data.validation.fraction: Invalid input: expected number, received string');
    expect(said({ data: { validation: { fold: 0 } } })).toBe('r: data.validation.folds: Invalid input: expected number, received undefined');
    expect(said({ data: { validation: { split: 'val', fraction: 0.1 } } })).toMatch(
      /^r: data\.validation: \w+ cannot stand beside its other fields; they are of another form$/,
    );
    expect(said({ data: { validation: 3 } })).toMatch(/^r: data\.validation: expected object, received number/);
    expect(said({ loss: { classWeights: 'balancd' } })).toBe('r: loss.classWeights: expected one of "none"|"balanced"; or expected number, received string');
    expect(said({ normalise: { mean: [1, 2, 3, 4], std: 1 } })).toMatch(
      /^r: normalise\.mean: expected number, received array; or expected array to have <=3 items$/,
    );
    expect(said({ optimizer: { kind: 'adam', learningrate: 0.1 } })).toMatch(/no field learningrate; did you mean learningRate\?$/);
  });

  it('says where a field belongs that stands elsewhere, and never suggests the word it refuses', () => {
    const said = (value: unknown): string => refusal(() => checkRecipe(value, 'r')).message;
    expect(said({ ...minimal, labelSmoothing: 0.1 })).toBe('r: recipe: there is no field labelSmoothing; it belongs to loss.labelSmoothing');
    expect(said({ ...minimal, learningRate: 0.1 })).toMatch(/it belongs to optimizer\.learningRate$/);
    expect(said({ ...minimal, labelSmoothin: 0.1 })).toMatch(/did you mean loss\.labelSmoothing\?$/);
    expect(said({ ...minimal, optimizer: { ...minimal.optimizer, momentum: 0.9 } })).toMatch(
      /there is no field momentum; it belongs to optimizer of kind sgd$/,
    );
    expect(said({ ...minimal, loss: { epochs: 2 } })).toMatch(/it belongs to the recipe or one of its stages$/);
    expect(said({ ...staged, stages: [{ model: 'm' }] })).toBe('r: stages.0: there is no field model; it belongs to the recipe itself');
    expect(said({ ...staged, stages: [{ everySteps: 3 }] })).toMatch(/it belongs to checkpoint\.everySteps$/);
  });

  it('tells which stages keep a value of their own when another is given to all', () => {
    const path = file(
      'name: r\nmodel: m\nepochs: 1\noptimizer: { kind: adam, learningRate: 1 }\nstages: [{ name: head }, { name: all, optimizer: { learningRate: 0.1 } }, { epochs: 2 }]\n',
    );
    const notices: string[] = [];
    const rates = loadRecipe(path, ['optimizer.learningRate=0.5', 'batch=4'], (message) => notices.push(message)).stages.map((s) => s.optimizer.learningRate);
    expect(rates).toEqual([0.5, 0.1, 0.5]);
    expect(notices).toEqual([
      '--set optimizer.learningRate=0.5: stage all (0.1) keeps its own optimizer.learningRate; to change it, set stages.1.optimizer.learningRate',
    ]);
    loadRecipe('vgg16-cbam', ['optimizer.learningRate=0.01'], (message) => notices.push(message));
    expect(notices[1]).toMatch(
      /stages last convolution \(0\.0001\), last two \(0\.00001\), last three \(0\.000001\) keep their own .*set stages\.1\.optimizer/,
    );
  });

  it('is changed stage by stage; a field that every stage gives itself is not changed in vain', () => {
    const path = file('name: r\nmodel: m\noptimizer: { kind: adam, learningRate: 1 }\nstages: [{ epochs: 1 }, { epochs: 2 }]\n');
    expect(loadRecipe(path, ['stages.1.epochs=9', 'batch=4']).stages.map((s) => [s.epochs, s.batch])).toEqual([
      [1, 4],
      [9, 4],
    ]);
    expect(refusal(() => loadRecipe(path, ['epochs=9'])).message).toMatch(/every stage of this recipe gives its own epochs; set stages\.0\.epochs/);
    expect(refusal(() => loadRecipe(path, ['stages.2.epochs=9'])).message).toMatch(/items 0…1, not 2/);
  });
});

describe('options of a model', () => {
  it('that are not there are answered with the nearest', () => {
    const recipe = checkRecipe({ ...minimal, model: 'resnet18', modelOptions: { widht: 0.5 } }, 'r');
    expect(refusal(() => planNetwork(recipe, [1, 48, 48], expressions)).message).toMatch(
      /^recipe r: modelOptions: there is no option widht; did you mean width\? model resnet18 has width, stem/,
    );
  });
});

describe('loadRecipe', () => {
  const yaml = 'name: r\nmodel: se-cnn\nepochs: 2\noptimizer: { kind: adam, learningRate: 0.001 }\n';

  it('sets values before it checks them, read as YAML', () => {
    const recipe = loadRecipe(file(yaml), [
      'epochs=5',
      'optimizer.learningRate=0.01',
      'data.validation.split=val',
      'loss.classWeights=balanced',
      'augmentation=[{op: flip}]',
    ]);
    expect(recipe).toMatchObject({
      data: { validation: { split: 'val' } },
      stages: [
        {
          epochs: 5,
          optimizer: { kind: 'adam', learningRate: 0.01 },
          loss: { classWeights: 'balanced' },
          augmentation: [{ op: 'flip', probability: 0.5 }],
        },
      ],
    });
  });

  it('refuses a wrong override as it does a wrong file', () => {
    expect(refusal(() => loadRecipe(file(yaml), ['epochs=many'])).message).toMatch(/epochs/);
    expect(refusal(() => loadRecipe(file(yaml), ['nonsense=1'])).message).toMatch(/nonsense/);
    expect(refusal(() => loadRecipe(file(yaml), ['epochs'])).message).toMatch(/--set epochs: expected key=value/);
    expect(refusal(() => loadRecipe(file(yaml), ['=3'])).code).toBe('bad-set');
  });

  it('refuses an override that is not YAML', () => {
    expect(refusal(() => loadRecipe(file(yaml), ['augmentation=[{op: flip'])).code).toBe('bad-set');
  });

  // Both keys together are what no schema takes.
  it('an override can choose the other kind of validation', () => {
    const path = file(`${yaml}data: { validation: { fraction: 0.2 } }\n`);
    expect(loadRecipe(path, ['data.validation.split=val']).data.validation).toEqual({ split: 'val' });
    const folds = ['data.validation.fold=1', 'data.validation.folds=5'];
    expect(loadRecipe(path, folds).data.validation).toEqual({ fold: 1, folds: 5 });
    expect(loadRecipe(path, [...folds, 'data.validation.fold=2']).data.validation).toEqual({ fold: 2, folds: 5 });
  });

  it('never touches what all objects inherit', () => {
    try {
      loadRecipe(file(yaml), ['__proto__.polluted=1', 'constructor.prototype.polluted=1']);
    } catch {}
    const polluted = 'polluted' in {};
    delete (Object.prototype as { polluted?: unknown }).polluted;
    expect(polluted).toBe(false);
  });

  it('names the recipes there are when it finds none', () => {
    const error = refusal(() => loadRecipe('se-cnn-imporved'));
    expect(error.code).toBe('no-recipe');
    expect(error.message).toContain('did you mean se-cnn-improved?');
    for (const name of recipeNames()) expect(error.message).toContain(name);
    expect(refusal(() => loadRecipe(join(dir, 'missing.yaml'))).message).toContain('missing.yaml');
  });

  it('says where a file is no YAML, or no mapping', () => {
    expect(refusal(() => loadRecipe(file('a: [1'))).message).toMatch(/not valid YAML/);
    expect(refusal(() => loadRecipe(file('just words'))).message).toMatch(/expected a mapping/);
    expect(refusal(() => loadRecipe(file(''))).message).toMatch(/expected a mapping/);
  });
});
