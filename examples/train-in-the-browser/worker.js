// The network of examples/train-a-tiny-network.mjs, trained by the same engine on WebAssembly.
import { buildNetwork, chooseKernels, convNorm, denseLayer, flatten, globalAveragePool, sgd, TrainStep } from '@mien/engine';
import { createSession } from '@mien/onnx/web';

// Two classes: horizontal and vertical stripes, in noise. Images are [1,16,16].
const input = [1, 16, 16];
const batch = 32;
const network = (net, x) => {
  let y = convNorm(net, 'conv1', 'bn1', x, { channels: 16, activation: 'Relu' });
  y = convNorm(net, 'conv2', 'bn2', y, { channels: 32, stride: 2, activation: 'Relu' });
  return denseLayer(net, 'classifier', flatten(globalAveragePool(y)), 2);
};

const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const random = { next: Math.random, normal };

const { kernels, report } = await chooseKernels(createSession, 'wasm');
postMessage(`${report}; ${crossOriginIsolated ? navigator.hardwareConcurrency : 1} threads`);
const step = await TrainStep.create({ network, input, classes: 2, batch, kernels, createSession, threads: navigator.hardwareConcurrency });
const { specs } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
step.load(new Map(specs.map((spec) => [spec.name, spec.initializer(spec.shape, random)])));
const optimizer = sgd(step.slots, { momentum: 0.9, nesterov: true, weightDecay: 0 });

for (let i = 0; i < 30; i++) {
  step.targets.fill(0);
  for (let n = 0; n < batch; n++) {
    const vertical = n % 2;
    step.targets[n * 2 + vertical] = 1;
    for (let p = 0; p < 256; p++) step.images[n * 256 + p] = ((vertical ? p : p >> 4) % 4 < 2 ? 1 : -1) + normal();
  }
  const loss = await step.run();
  optimizer.step(0.05);
  if (i % 10 === 0 || i === 29) postMessage(`step ${i + 1}: loss ${loss.toFixed(3)}`);
}
await step.release();
postMessage('done: `step.save()` would now give the weights, by name');
