/** Why a model says what it says of a face: a map by one of several methods. */
import { UserError } from '@mien/runtime';
import { channelWeights, weighMap } from './activation-map.ts';
import type { HeatMap } from './heat-map.ts';
import type { LookingGlass } from './looking-glass.ts';
import { occlusionMap } from './occlusion-map.ts';

export const explainMethods = ['cam', 'grad-cam', 'occlusion', 'attention'] as const;
export type ExplainMethod = (typeof explainMethods)[number];

/** What a method's map shows, and what it needs of the network. */
export const methodMeaning: Readonly<Record<ExplainMethod, string>> = {
  cam: 'class-activation map (Zhou et al. 2016): what of the last map adds to the logit of the class; exact for mean pooling and one dense layer',
  'grad-cam': 'Grad-CAM (Selvaraju et al. 2017): channels of the last map, weighed by the slope of the logit; what speaks against the class is left out',
  occlusion: 'occlusion (Zeiler & Fergus 2014): what the probability of the class loses when the place is covered; for any network',
  attention: 'the last gate of spatial attention (Woo et al. 2018): where the network looked, whatever the class',
};

/** The methods a network allows, the most telling first. */
export function methodsFor({ lastMap, gate }: LookingGlass): ExplainMethod[] {
  return explainMethods.filter((method) => {
    if (method === 'cam') return lastMap?.linear === true;
    if (method === 'grad-cam') return lastMap !== undefined;
    return method === 'occlusion' || gate !== undefined;
  });
}

/** Throws `UserError` `no-map` where the network does not allow the method, naming those it does. */
export function checkMethod(glass: LookingGlass, method: ExplainMethod, file: string): void {
  const allowed = methodsFor(glass);
  if (allowed.includes(method)) return;
  const lack: Readonly<Record<ExplainMethod, string>> = {
    cam: 'does not end in mean pooling and one dense layer',
    'grad-cam': 'has no map before its last layers',
    occlusion: '',
    attention: 'has no spatial attention',
  };
  throw new UserError('no-map', `${file}: the network ${lack[method]}, so there is no map by ${method}; it allows ${allowed.join(', ')}`);
}

/** Explains inputs of one model, one after the other. Remembers the weights of a linear tail, which are the same for every picture. */
export class Explainer {
  readonly #glass: LookingGlass;
  readonly #weights = new Map<number, Float32Array>();

  constructor(glass: LookingGlass) {
    this.#glass = glass;
  }

  /** The map of class k for an input [C,H,W]; its grid covers the whole input. The method must be one the network allows. */
  async map(method: ExplainMethod, input: Float32Array, k: number): Promise<HeatMap> {
    const glass = this.#glass;
    if (method === 'occlusion') return occlusionMap(glass, input, k);
    if (method === 'attention') {
      const { name, height, width } = glass.gate!;
      return { height, width, values: await glass.inside(input, name) };
    }
    const { name, linear } = glass.lastMap!;
    const last = await glass.inside(input, name);
    const known = linear ? this.#weights.get(k) : undefined;
    const weights = known ?? (await channelWeights(glass, last, k));
    if (linear) this.#weights.set(k, weights);
    return weighMap(glass, last, weights, method === 'grad-cam');
  }
}
