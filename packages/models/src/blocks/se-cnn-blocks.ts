/** The repeating parts of system C's four networks. Layer order follows its tables; rates where they are silent. */
import { convLayer, denseLayer, denseNormLayer, dropoutLayer, maxPool, type Net, normLayer, relu, squeezeExcite, type Value } from '@mien/engine';
import type { OptionSpecs } from '../options.ts';

/** Dropout rates, which the tables do not give. Defaults are ours. */
export const dropoutOptions = {
  convDropout: { kind: 'number', default: 0.25, min: 0, max: 0.9, help: 'dropout after the convolutions that have one in the table' },
  denseDropout: { kind: 'number', default: 0.5, min: 0, max: 0.9, help: 'dropout after each hidden dense layer' },
} as const satisfies OptionSpecs;

/** Reduction of the squeeze-and-excitation block: C/16 hidden units. */
const reduction = 16;

export interface ConvStage {
  readonly channels: number;
  readonly kernel?: number;
  readonly pool?: boolean;
  /** Rate of the dropout at its end; left out, there is none. */
  readonly drop?: number;
}

/** conv → BN → ReLU (→ max-pool) (→ dropout). */
export function convNormRelu(net: Net, x: Value, stage: ConvStage): Value {
  let y = convLayer(net, 'conv', x, { channels: stage.channels, kernel: stage.kernel ?? 3 });
  y = normLayer(net, 'norm', y, { activation: 'Relu' });
  if (stage.pool) y = maxPool(y);
  return stage.drop === undefined ? y : dropoutLayer(net, 'drop', y, stage.drop);
}

/** conv → ReLU → BN → SE (→ max-pool) (→ dropout). */
export function convReluNormSe(net: Net, x: Value, stage: ConvStage): Value {
  let y = relu(convLayer(net, 'conv', x, { channels: stage.channels, kernel: stage.kernel ?? 3 }));
  y = squeezeExcite(net, 'se', normLayer(net, 'norm', y), stage.channels / reduction);
  if (stage.pool) y = maxPool(y);
  return stage.drop === undefined ? y : dropoutLayer(net, 'drop', y, stage.drop);
}

/** dense → BN → ReLU → dropout, or dense → ReLU → BN → dropout (`reluFirst`, the SE nets). */
export function denseStage(net: Net, x: Value, units: number, options: { drop: number; norm?: boolean; reluFirst?: boolean }): Value {
  let y = denseLayer(net, 'dense', x, units);
  if (options.reluFirst) y = relu(y);
  if (options.norm ?? true) y = denseNormLayer(net, 'norm', y);
  if (!options.reluFirst) y = relu(y);
  return dropoutLayer(net, 'drop', y, options.drop);
}
