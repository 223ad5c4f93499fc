/** What holds for every architecture of the registry. */
import { buildNetwork, describeNetwork, type NetworkSummary } from '@mien/engine';
import { UserError } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import type { Architecture, BuildOptions } from './architecture.ts';
import type { OptionValue } from './options.ts';
import { architectures, findArchitecture } from './registry.ts';

const asked =
  'shallow-cnn deeper-cnn se-cnn se-cnn-improved vgg16 vgg16-cbam vgg19 resnet18 resnet34 resnet50 resnet18-cbam resnet18-patch-attention inception-v3 efficientnet-b0 mobilenetv2 vit-small vgg16-bn vgg19-bn mien-net mien-seresnet resnet18-48';

/** A size that is not square, a little above the least; whole patches for networks of patches. */
function someInput({ smallest }: Architecture, channels: number, options: Partial<BuildOptions> = {}): [number, number, number] {
  const least = smallest(options);
  return [channels, least, 2 * least];
}

function summary(architecture: Architecture, input: readonly number[], options: Partial<BuildOptions> = {}): NetworkSummary {
  return describeNetwork(architecture.build({ classes: 7, ...options }), input);
}

it('holds every name that others count on, each once', () => {
  const names = architectures.map((a) => a.name);
  expect(names).toEqual(expect.arrayContaining(asked.split(' ')));
  expect(new Set(names).size).toBe(names.length);
  expect(findArchitecture('resnet-1000')).toBeUndefined();
});

it('takes grey faces in system C and in our own networks, RGB elsewhere', () => {
  const grey = architectures.filter((a) => a.input[0] === 1).map((a) => a.name);
  expect(grey.sort()).toEqual(['deeper-cnn', 'mien-net', 'mien-net-small', 'mien-seresnet', 'resnet18-48', 'se-cnn', 'se-cnn-improved', 'shallow-cnn']);
});

describe.each(architectures.map((a) => [a.name, a] as const))('%s', (name, architecture) => {
  it('its rows add up to its total and end in one logit a class', () => {
    const { params, layers, flops } = summary(architecture, architecture.input);
    expect(layers.reduce((sum, l) => sum + l.params, 0)).toBe(params.total);
    expect(layers.at(-1)).toMatchObject({ type: 'dense', output: [7] });
    const names = layers.map((l) => l.name);
    expect(new Set(names).size).toBe(names.length);
    expect(flops).toBeGreaterThan(0);
    expect(summary(architecture, architecture.input, { classes: 3 }).layers.at(-1)!.output).toEqual([3]);
  });

  it('takes 1 or 3 channels at its smallest size, and says so of anything else', () => {
    for (const channels of [1, 3]) expect(summary(architecture, someInput(architecture, channels)).layers.at(-1)!.output).toEqual([7]);
    expect(() => summary(architecture, someInput(architecture, 2))).toThrow(`model ${name}: expected 1 or 3 input channels, got 2`);
    expect(() => summary(architecture, someInput(architecture, 1), { channels: 3 })).toThrow(`model ${name}: expected 3 input channels, got 1`);
    const [C, H, W] = someInput(architecture, 3);
    expect(() => summary(architecture, [C, H - 1, W])).toThrow(`model ${name}: needs at least ${H}×${H} pixels with these options, got ${H - 1}×${W}`);
  });

  it('every choice of every option builds; what is no choice is refused, naming the option', () => {
    for (const [option, spec] of Object.entries(architecture.options)) {
      const tried: OptionValue[] = spec.kind === 'choice' ? [...spec.choices] : spec.kind === 'flag' ? [true, false] : [spec.default];
      for (const value of tried) {
        // Landmarks join pooled features, so they need the head that pools.
        const options = option === 'landmarks' && 'head' in architecture.options ? { head: 'gap', landmarks: value } : { [option]: value };
        expect(summary(architecture, someInput(architecture, 3, options), options).layers.at(-1)!.output, `${option} ${value}`).toEqual([7]);
      }
      const wrong = spec.kind === 'choice' || spec.kind === 'sizes' ? 'nothing' : spec.kind === 'flag' ? 1 : spec.max + 1;
      expect(() => architecture.build({ classes: 7, [option]: wrong })).toThrow(`model ${name}: option ${option}: expected`);
    }
    expect(() => architecture.build({ classes: 7, nonsense: 1 })).toThrow(UserError);
    expect(() => architecture.build({ classes: 7, nonsense: 1 })).toThrow('there is no option nonsense');
    expect(() => architecture.build({ classes: 0 })).toThrow('at least 1 class');
    const { layers } = describeNetwork(architecture.build(), architecture.input);
    expect(layers.at(-1)!.output).toEqual([7]);
  });

  it('its head is a part of its weights that the number of classes changes, and not all of them', () => {
    const specs = (classes: number) => buildNetwork(architecture.build({ classes }), architecture.input, { mode: 'infer', batch: 1 }).specs;
    const inHead = (weight: string) => architecture.head.some((prefix) => weight === prefix || weight.startsWith(`${prefix}.`));
    const [seven, eight] = [specs(7), specs(8)];
    const changed = seven.filter((spec, i) => spec.shape.join() !== eight[i]!.shape.join()).map((spec) => spec.name);
    expect(changed.length).toBe(2);
    expect(changed.every(inHead)).toBe(true);
    expect(seven.some((spec) => !inHead(spec.name))).toBe(true);
  });
});
