/** Training on a graphics adapter, by software where there is no card. */
import { DeviceError, onDevice } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { chooseKernels, type ProbeResult, relativeError, standardKernels, TrainStep } from '../src/index.ts';
import { batch, classes, fillBatch, firstWeights, input, network } from './small-network.ts';
import { howToGetAnAdapter, useSoftwareAdapter } from './software-adapter.ts';
import { trainSmallNetwork } from './train-small-network.ts';

useSoftwareAdapter();
const onWebGpu = onDevice(createSession, 'webgpu');

/** Undefined where there is no adapter; any other failure is a failure. */
async function adapter(): Promise<ProbeResult | undefined> {
  try {
    return await chooseKernels(createSession, 'webgpu');
  } catch (error) {
    if (!(error instanceof DeviceError && error.message.includes('cannot be used here'))) throw error;
    console.warn(`training on WebGPU: skipped, ${howToGetAnAdapter}. ${error.message}`);
    return undefined;
  }
}
const found = await adapter();
/** Few, for software is slow. */
const steps = 8;

describe.skipIf(!found)('WebGPU', () => {
  let onCpu: Awaited<ReturnType<typeof trainSmallNetwork>>;
  beforeAll(async () => {
    onCpu = await trainSmallNetwork(createSession, standardKernels, steps);
  });

  it('says what it found', () => {
    expect(found!.report).toMatch(/^standard convolutions on webgpu \(probe error \d\.\de-\d\)$/);
  });

  it("one step has the processor's loss and gradients", async () => {
    const run = async (create: typeof createSession, kernels: ProbeResult['kernels']) => {
      const step = await TrainStep.create({ network, input, classes, batch, kernels, createSession: create });
      step.load(firstWeights());
      fillBatch(step, 0);
      const loss = await step.run();
      const gradients = new Map(step.slots.map((s) => [s.name, s.gradients.slice()]));
      await step.release();
      return { loss, gradients };
    };
    const cpu = await run(createSession, standardKernels);
    const gpu = await run(onWebGpu, found!.kernels);
    expect(Math.abs(gpu.loss - cpu.loss)).toBeLessThan(1e-5);
    for (const [name, gradient] of cpu.gradients) {
      expect(
        gradient.some((g) => g !== 0),
        name,
      ).toBe(true);
      expect(relativeError(gpu.gradients.get(name)!, gradient), name).toBeLessThan(1e-4);
    }
  });

  it('eight steps end at the loss of the processor, and the model gives its logits', async () => {
    const gpu = await trainSmallNetwork(onWebGpu, found!.kernels, steps);
    console.log(`loss at step ${steps}: processor ${onCpu.losses.at(-1)}, WebGPU ${gpu.losses.at(-1)}`);
    expect(onCpu.losses.at(-1)!).toBeLessThan(onCpu.losses[0]!);
    expect(Math.abs(gpu.losses.at(-1)! - onCpu.losses.at(-1)!)).toBeLessThan(1e-3);
    expect(relativeError(gpu.logits, onCpu.logits)).toBeLessThan(1e-2);
  });

  it('a graph of standard kernels is refused, not run in part on the processor', async () => {
    const refused = TrainStep.create({ network, input, classes, batch, kernels: standardKernels, createSession: onWebGpu });
    await expect(refused).rejects.toThrow(/device webgpu lacks an op of this graph, and nothing is moved to the CPU in silence/);
  });
});
