/**
 * Our family for small grey faces: a residual network (He et al. 2016) of plain 3×3 convolutions with
 * squeeze-and-excitation (Hu et al. 2018) or CBAM (Woo et al. 2018). Plain convolutions with
 * widths in multiples of 16 are what blocked kernels compute several times faster than depthwise ones; the stem's full-size map
 * is halved at once, because full-size stages cost memory traffic. Each branch may start at zero, so that a deep net begins
 * as a shallow one. Several heads are cut from the classifier's output. Our own layout (MIT).
 */
import { convNorm, denseLayer, dropoutLayer, flatten, globalAveragePool } from '@mien/engine';
import { UserError } from '@mien/runtime';
import { type Architecture, defineArchitecture } from '../architecture.ts';
import { landmarkOptions, landmarkScope, withLandmarks } from '../blocks/landmark-branch.ts';
import type { BranchGates } from '../blocks/branch-gates.ts';
import { residualBlock } from '../blocks/residual-block.ts';

interface MienNetDefinition {
  readonly name: string;
  readonly description: string;
  readonly widths: string;
  readonly depths: string;
}

/** A network of this width and depth. */
export function defineMienNet({ name, description, widths, depths }: MienNetDefinition): Architecture {
  return defineArchitecture({
    name,
    description,
    input: [1, 44, 44],
    smallest: (options) => 2 ** options.widths.length,
    options: {
      widths: { kind: 'sizes', default: widths, min: 16, max: 512, multipleOf: 16, help: 'channels of each stage' },
      depths: { kind: 'sizes', default: depths, min: 1, max: 12, help: 'residual blocks of each stage' },
      stem: { kind: 'integer', default: 32, min: 16, max: 128, multipleOf: 16, help: 'channels of the first convolution' },
      stemStride: {
        kind: 'choice',
        default: 1,
        choices: [1, 2],
        help: '2 halves the picture in the first convolution and keeps its size through the first stage',
      },
      gate: { kind: 'choice', default: 'se', choices: ['se', 'cbam', 'none'], help: 'what each residual branch is multiplied with' },
      reduction: { kind: 'integer', default: 8, min: 1, max: 64, help: 'channels ÷ hidden units of the gate' },
      kernel: { kind: 'choice', default: 7, choices: [3, 5, 7], help: 'side of the window of CBAM’s spatial attention' },
      shortcut: { kind: 'choice', default: 'strided', choices: ['strided', 'pooled'], help: 'how shortcuts halve the map: one pixel of four, or a 3×3 mean' },
      zeroInit: { kind: 'flag', default: true, help: 'every residual branch starts at zero' },
      dropPath: { kind: 'number', default: 0, min: 0, max: 0.9, help: 'stochastic depth of the last block, growing from 0 at the first' },
      dropout: { kind: 'number', default: 0.1, min: 0, max: 0.9, help: 'dropout before the classifier' },
      ...landmarkOptions,
    },
    head: ['classifier', landmarkScope],
    network: (net, x, options) => {
      const { widths, depths, stemStride, gate, reduction, kernel, dropPath } = options;
      if (widths.length !== depths.length)
        throw new UserError(
          'bad-model-option',
          `${name}: widths ${widths.join('-')} name ${widths.length} stages, depths ${depths.join('-')} name ${depths.length}`,
        );
      const gates: BranchGates = gate === 'cbam' ? { cbam: { reduction, kernel } } : gate === 'se' ? { seReduction: reduction } : {};
      const lastBlock = depths.reduce((sum, depth) => sum + depth, 0) - 1;
      let before = 0;
      let y = convNorm(net, 'stem', 'stem_bn', x, { channels: options.stem, stride: stemStride, activation: 'Relu' });
      for (const [stage, channels] of widths.entries()) {
        for (let block = 0; block < depths[stage]!; block++) {
          const keepsSize = block > 0 || (stage === 0 && stemStride === 2);
          y = residualBlock(net.scope(`stage${stage + 1}.${block}`), y, {
            channels,
            stride: keepsSize ? 1 : 2,
            shortcut: options.shortcut,
            lastGamma: options.zeroInit ? 0 : 1,
            dropRate: (dropPath * before++) / Math.max(1, lastBlock),
            ...gates,
          });
        }
      }
      const pooled = flatten(globalAveragePool(y));
      const seen = options.landmarks ? withLandmarks(net, pooled, options.landmarkDropout) : pooled;
      return denseLayer(net, 'classifier', dropoutLayer(net, 'drop', seen, options.dropout), options.classes);
    },
  });
}
