/**
 * timm's EfficientNet-B0 and MobileNetV2, layer by layer with timm's names, as timm defines them (`efficientnet.py`,
 * `_efficientnet_blocks.py`): something to compare imported weights with that does not go through Mien's own definitions.
 */
import {
  add,
  convNorm,
  denseLayer,
  flatten,
  globalAveragePool,
  type Net,
  type Network,
  relu6,
  scaleChannels,
  sigmoid,
  silu,
  unsqueeze,
  type Value,
} from '@mien/engine';

/** repeats, kernel, stride, expansion, channels: the strings of timm's `arch_def`, as `ir_r2_k3_s2_e6_c24_se0.25`. */
type Stage = readonly [repeats: number, kernel: number, stride: number, expansion: number, channels: number];

const efficientnetStages: readonly Stage[] = [
  [1, 3, 1, 1, 16],
  [2, 3, 2, 6, 24],
  [2, 5, 2, 6, 40],
  [3, 3, 2, 6, 80],
  [3, 5, 1, 6, 112],
  [4, 5, 2, 6, 192],
  [1, 3, 1, 6, 320],
];

const mobilenetStages: readonly Stage[] = [
  [1, 3, 1, 1, 16],
  [2, 3, 2, 6, 24],
  [3, 3, 2, 6, 32],
  [4, 3, 2, 6, 64],
  [3, 3, 1, 6, 96],
  [3, 3, 2, 6, 160],
  [1, 3, 1, 6, 320],
];

/** Reduced from the block's input, not from its hidden channels. */
function timmSe(net: Net, x: Value, reduced: number): Value {
  const hidden = silu(denseLayer(net, 'conv_reduce', flatten(globalAveragePool(x)), reduced));
  return scaleChannels(x, unsqueeze(sigmoid(denseLayer(net, 'conv_expand', hidden, x.shape[1]!)), [2, 3]));
}

function timmMobile(stages: readonly Stage[], activation: (x: Value) => Value, se: boolean): Network {
  return (net, x) => {
    const pointwise = { kernel: 1, padding: 0 } as const;
    let y = activation(convNorm(net, 'conv_stem', 'bn1', x, { channels: 32, stride: 2 }));
    for (const [stage, [repeats, kernel, firstStride, expansion, channels]] of stages.entries()) {
      for (let block = 0; block < repeats; block++) {
        const inner = net.scope(`blocks.${stage}.${block}`);
        const stride = block === 0 ? firstStride : 1;
        const C = y.shape[1]!;
        const hidden = C * expansion;
        const separable = expansion === 1;
        let z = separable ? y : activation(convNorm(inner, 'conv_pw', 'bn1', y, { channels: hidden, ...pointwise }));
        z = activation(convNorm(inner, 'conv_dw', separable ? 'bn1' : 'bn2', z, { channels: hidden, kernel, stride, groups: hidden }));
        if (se) z = timmSe(inner.scope('se'), z, Math.round(C / 4));
        z = convNorm(inner, separable ? 'conv_pw' : 'conv_pwl', separable ? 'bn2' : 'bn3', z, { channels, ...pointwise });
        y = stride === 1 && C === channels ? add(y, z) : z;
      }
    }
    y = activation(convNorm(net, 'conv_head', 'bn2', y, { channels: 1280, ...pointwise }));
    return denseLayer(net, 'classifier', flatten(globalAveragePool(y)), 5);
  };
}

export const timmEfficientNet: Network = timmMobile(efficientnetStages, silu, true);
export const timmMobileNet: Network = timmMobile(mobilenetStages, relu6, false);
