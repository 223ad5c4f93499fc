/** The network a recipe describes, and how stored images become its input. */
import { describeNetwork, type MultiHeadNetwork, type Network, resize, slice, type Value } from '@mien/engine';
import { type Architecture, architectures, findArchitecture } from '@mien/models';
import { UserError } from '@mien/runtime';
import { type Head, headsOf } from './heads.ts';
import { type ImageShape, normalise, repeatChannels } from './input-pixels.ts';
import { nearest } from './nearest.ts';
import type { Recipe } from './recipe-schema.ts';

/** Larger than this, ÷ the network's input, a stored image is resized rather than cut: a window would lose most of the face. */
const largestMargin = 1.25;

export interface NetworkPlan {
  readonly architecture: Architecture;
  /** [C,H,W] of the exported network's input. */
  readonly input: ImageShape;
  /** [H,W] an image is brought to before the central H×W of `input` is taken: `resizeTo` of the card. */
  readonly resizeTo: readonly [number, number];
  /** [C,H,W] of the batches that augmentation makes: stored pixels, before they are resized. */
  readonly batchInput: ImageShape;
  /** Outputs, the main one first. */
  readonly heads: readonly Head[];
  /** The network as exported: the logits of each head, of images of shape `input`. */
  readonly network: MultiHeadNetwork;
  /** The same behind what turns pixels 0…1 of shape `batchInput` into its input: resizing, channels, normalisation. */
  readonly trainingNetwork: MultiHeadNetwork;
}

/** The architecture a recipe names. Throws `UserError` with the nearest known name. */
export function architectureOf(recipe: Recipe): Architecture {
  const found = findArchitecture(recipe.model);
  if (found) return found;
  const suggestion = nearest(
    recipe.model,
    architectures.map((a) => a.name),
  );
  const hint = suggestion ? `did you mean ${suggestion}? ` : '';
  throw new UserError('no-model', `recipe ${recipe.name}: there is no architecture ${recipe.model}; ${hint}\`mien models\` lists them`);
}

/**
 * Fits network and stored images together. Throws `UserError` naming both where they do not fit: colour pictures for a
 * grey network, pictures smaller than the window that is cut from them.
 */
export function planNetwork(recipe: Recipe, image: ImageShape, labels: readonly string[]): NetworkPlan {
  const architecture = architectureOf(recipe);
  const input = recipe.input ?? architecture.input;
  const [C, H, W] = input;
  const [imageC, imageH, imageW] = image;
  if (imageC !== C && imageC !== 1) {
    throw new UserError(
      'input-mismatch',
      `model ${architecture.name} takes ${C}×${H}×${W} (C×H×W), the data holds ${imageC}×${imageH}×${imageW}; import the data in grey, or set input=[3,${H},${W}]`,
    );
  }
  const fits = imageH >= H && imageW >= W && imageH <= largestMargin * H && imageW <= largestMargin * W;
  const resizeTo: [number, number] = recipe.resizeTo ? [recipe.resizeTo, recipe.resizeTo] : fits ? [imageH, imageW] : [H, W];
  if (resizeTo[0] < H || resizeTo[1] < W) {
    throw new UserError(
      'input-mismatch',
      `resizeTo ${recipe.resizeTo} is smaller than the ${H}×${W} that model ${architecture.name} takes; give at least ${Math.max(H, W)}`,
    );
  }
  // The window augmentation cuts from stored pixels covers what the network sees of the resized image.
  const windowH = Math.round((H / resizeTo[0]) * imageH);
  const windowW = Math.round((W / resizeTo[1]) * imageW);
  const heads = headsOf(recipe, labels);
  const network = withHeads(buildArchitecture(recipe, architecture, heads, C), heads);
  return {
    architecture,
    input,
    resizeTo,
    batchInput: [imageC, windowH, windowW],
    heads,
    network,
    trainingNetwork: (net, x) => network(net, normalise(repeatChannels(resize(x, H, W), C), recipe.normalise)),
  };
}

/** Throws `UserError` with the nearest known option. */
function checkOptions({ name: recipeName, modelOptions }: Recipe, { name, options }: Architecture): void {
  const unknown = Object.keys(modelOptions).find((option) => !Object.hasOwn(options, option));
  if (unknown === undefined) return;
  const known = Object.keys(options);
  const suggestion = nearest(unknown, known);
  const hint = suggestion ? `did you mean ${suggestion}? ` : '';
  const all = known.length > 0 ? `model ${name} has ${known.join(', ')}` : `model ${name} has none`;
  throw new UserError('bad-model-option', `recipe ${recipeName}: modelOptions: there is no option ${unknown}; ${hint}${all}`);
}

function buildArchitecture(recipe: Recipe, architecture: Architecture, heads: readonly Head[], channels: number): Network {
  checkOptions(recipe, architecture);
  const classes = heads.reduce((sum, head) => sum + head.labels.length, 0);
  return architecture.build({ classes, channels, ...recipe.modelOptions });
}

/** Heads share everything but rows of the classifier: any architecture can have several. */
function withHeads(network: Network, heads: readonly Head[]): MultiHeadNetwork {
  return (net, x) => {
    const logits = network(net, x);
    if (heads.length === 1) return { [heads[0]!.name]: logits };
    const outputs: Record<string, Value> = {};
    let from = 0;
    for (const { name, labels } of heads) {
      outputs[name] = slice(logits, 1, from, from + labels.length);
      from += labels.length;
    }
    return outputs;
  };
}

/** Parameters and operations of the planned network. Throws when it cannot be built at this input. */
export function describePlan(plan: NetworkPlan): ReturnType<typeof describeNetwork> {
  return describeNetwork(plan.network, plan.input);
}
