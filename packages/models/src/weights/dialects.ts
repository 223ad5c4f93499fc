/**
 * The names other libraries give to the weights of the networks Mien has, translated into Mien's, which are torchvision's, for
 * vision transformers timm's.
 * Sources of the names: timm (huggingface/pytorch-image-models, Apache-2.0) and MXNet's Gluon model zoo (Apache-2.0); facts only.
 */

/** A translator for the names of one file; undefined for a name that has no place. */
export type Translate = (name: string) => string | undefined;

export interface Dialect {
  readonly name: string;
  /** `names` are all names of the file, `target` those of the network. */
  readonly translator: (names: readonly string[], target: ReadonlySet<string>) => Translate;
}

/** Layer and weight: `blocks.0.0.conv_pw` and `.weight`. */
function splitName(name: string): [layer: string, weight: string] {
  const dot = name.lastIndexOf('.');
  return [name.slice(0, dot), name.slice(dot)];
}

/** A dialect that only renames layers. */
function byLayer(name: string, makeRename: (names: readonly string[]) => (layer: string) => string | undefined): Dialect {
  return {
    name,
    translator: (names) => {
      const rename = makeRename(names);
      return (given) => {
        const [layer, weight] = splitName(given);
        const renamed = rename(layer);
        return renamed === undefined ? undefined : renamed + weight;
      };
    },
  };
}

const torchvision: Dialect = { name: 'torchvision', translator: () => (name) => name };

/** timm's VGG keeps its first dense layers as convolutions, `pre_logits`. */
const vggHead: Readonly<Record<string, string>> = { 'pre_logits.fc1': 'classifier.0', 'pre_logits.fc2': 'classifier.3', 'head.fc': 'classifier.6' };
const timmVgg = byLayer('timm VGG', () => (layer) => vggHead[layer] ?? layer);

/** Blocks of each stage: `blocks.STAGE.BLOCK.…`. */
function blocksPerStage(names: readonly string[]): number[] {
  const counts: number[] = [];
  for (const name of names) {
    const [, stage, block] = /^blocks\.(\d{1,2})\.(\d{1,2})\./.exec(name) ?? [];
    if (stage !== undefined) counts[Number(stage)] = Math.max(counts[Number(stage)] ?? 0, Number(block) + 1);
  }
  return Array.from(counts, (count) => count ?? 0);
}

/** Parts of timm's inverted residuals, in order: with a 1×1 expansion before the depthwise convolution, and without. */
const expanded = [
  ['conv_pw', 'bn1'],
  ['conv_dw', 'bn2'],
  ['conv_pwl', 'bn3'],
] as const;
const separable = [
  ['conv_dw', 'bn1'],
  ['conv_pw', 'bn2'],
] as const;

interface MobileLayout {
  /** Where block `block` of stage `stage` stands, the `at`th of all. */
  readonly block: (stage: number, block: number, at: number) => string;
  /** What follows the block's name for part `part` of `parts`: its convolution and its norm. */
  readonly part: (part: number, parts: number) => readonly [conv: string, norm: string];
  /** What follows the block's name for squeeze-and-excitation. */
  readonly gate: (parts: number) => string;
  /** The 1×1 convolution behind `stages` stages of `blocks` blocks together. */
  readonly head: (stages: number, blocks: number) => string;
}

function timmMobile(name: string, layout: MobileLayout): Dialect {
  return byLayer(name, (names) => {
    const known = new Set(names);
    const counts = blocksPerStage(names);
    const head = layout.head(
      counts.length,
      counts.reduce((a, b) => a + b, 0),
    );
    const renamed = new Map([
      ['conv_stem', 'features.0.0'],
      ['bn1', 'features.0.1'],
      ['conv_head', `${head}.0`],
      ['bn2', `${head}.1`],
      ['classifier', 'classifier.1'],
    ]);
    let at = 0;
    for (const [stage, count] of counts.entries()) {
      for (let block = 0; block < count; block++) {
        const from = `blocks.${stage}.${block}`;
        const to = layout.block(stage, block, at++);
        const parts = known.has(`${from}.conv_pwl.weight`) ? expanded : separable;
        for (const [part, [conv, norm]] of parts.entries()) {
          const [convTo, normTo] = layout.part(part, parts.length);
          renamed.set(`${from}.${conv}`, `${to}.${convTo}`).set(`${from}.${norm}`, `${to}.${normTo}`);
        }
        const gate = layout.gate(parts.length);
        renamed.set(`${from}.se.conv_reduce`, `${to}.${gate}.fc1`).set(`${from}.se.conv_expand`, `${to}.${gate}.fc2`);
      }
    }
    return (layer) => renamed.get(layer);
  });
}

const timmEfficientNet = timmMobile('timm EfficientNet', {
  block: (stage, block) => `features.${stage + 1}.${block}.block`,
  // Squeeze-and-excitation stands before the last convolution and takes a number of its own.
  part: (part, parts) => (part === parts - 1 ? [`${part + 1}.0`, `${part + 1}.1`] : [`${part}.0`, `${part}.1`]),
  gate: (parts) => `${parts - 1}`,
  head: (stages) => `features.${stages + 1}`,
});

const timmMobileNet = timmMobile('timm MobileNetV2', {
  block: (_stage, _block, at) => `features.${at + 1}.conv`,
  // The last convolution and its norm are not wrapped together.
  part: (part, parts) => (part === parts - 1 ? [`${part}`, `${part + 1}`] : [`${part}.0`, `${part}.1`]),
  gate: () => 'se',
  head: (_stages, blocks) => `features.${blocks + 1}`,
});

/** torchvision's vision transformer, in which attention is PyTorch's own module, in timm's names, which are Mien's. */
const visionTransformer: readonly (readonly [RegExp, string])[] = [
  [/^class_token$/, 'cls_token'],
  [/^encoder\.pos_embedding$/, 'pos_embed'],
  [/^conv_proj\./, 'patch_embed.proj.'],
  [/^encoder\.ln\./, 'norm.'],
  [/^heads\.head\./, 'head.'],
  [/^encoder\.layers\.encoder_layer_(\d+)\./, 'blocks.$1.'],
  [/\.ln_([12])\./, '.norm$1.'],
  [/\.self_attention\.in_proj_(weight|bias)$/, '.attn.qkv.$1'],
  [/\.self_attention\.out_proj\./, '.attn.proj.'],
  [/\.mlp\.(?:0|linear_1)\./, '.mlp.fc1.'],
  [/\.mlp\.(?:3|linear_2)\./, '.mlp.fc2.'],
];

const torchvisionTransformer: Dialect = {
  name: 'torchvision ViT',
  translator: () => (name) => visionTransformer.reduce((renamed, [from, to]) => renamed.replace(from, to), name),
};

const gluonWeights: Readonly<Record<string, string>> = {
  weight: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  running_mean: 'running_mean',
  running_var: 'running_var',
};

/**
 * Gluon's MobileNetV2. Its first block has a 1×1 convolution before the depthwise one, which torchvision's and the paper's
 * have not; where the network lacks it, `conv0` of that block has no place.
 */
const gluonMobileNet: Dialect = {
  name: 'Gluon MobileNetV2',
  translator: (_names, target) => {
    const extraFirst = target.has('features.1.conv.3.weight');
    return (given) => {
      const [, path = '', weight = ''] = /^mobilenetv2\d*_(.+)_(weight|bias|gamma|beta|running_mean|running_var)$/.exec(given) ?? [];
      const leaf = gluonWeights[weight];
      if (path === 'output_pred') return `classifier.1.${leaf}`;
      const outer = /^features_(conv|batchnorm)([01])$/.exec(path);
      if (outer) return `features.${outer[2] === '0' ? 0 : 18}.${outer[1] === 'conv' ? 0 : 1}.${leaf}`;
      const inner = /^features_linearbottleneck(\d{1,2})_(conv|batchnorm)([012])$/.exec(path);
      if (!inner) return undefined;
      const block = Number(inner[1]);
      const short = block === 0 && !extraFirst;
      const part = Number(inner[3]) - (short ? 1 : 0);
      if (part < 0) return undefined;
      const norm = inner[2] === 'conv' ? 0 : 1;
      const last = part === (short ? 1 : 2);
      return `features.${block + 1}.conv.${last ? part + norm : `${part}.${norm}`}.${leaf}`;
    };
  },
};

/** Tried in this order; of equally good ones the first is taken. */
export const dialects: readonly Dialect[] = [torchvision, timmVgg, timmEfficientNet, timmMobileNet, torchvisionTransformer, gluonMobileNet];
