import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomFor } from '@mien/data';
import {
  adam,
  averageWeights,
  buildNetwork,
  type Kernels,
  type Optimizer,
  probeKernels,
  relativeError,
  sgd,
  standardKernels,
  TrainStep,
  type WeightAverage,
} from '@mien/engine';
import { decodeSafetensors, encodeSafetensors, findArchitecture } from '@mien/models';
import { createSession } from '@mien/onnx/node';
import { UserError } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { expectSameBits } from '../test/same-bits.ts';
import { temporaryDir } from '../test/tiny-store.ts';
import { freshPosition, loadCheckpoint, saveCheckpoint, type TrainingState } from './checkpoint.ts';

const { kernels } = await probeKernels(createSession);
const input = [1, 20, 20];
const batch = 16;
const network = findArchitecture('mien-seresnet')!.build({ classes: 7 });

interface Running extends TrainingState {
  readonly average: WeightAverage;
  run(steps: number): Promise<void>;
}

const bySgd = (step: TrainStep): Optimizer => sgd(step.slots, { momentum: 0.9, nesterov: true, weightDecay: 1e-4 });
const byAdam = (step: TrainStep): Optimizer => adam(step.slots, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false });

async function start(chosen: Kernels, makeOptimizer: (step: TrainStep) => Optimizer, seed = 1): Promise<Running> {
  const step = await TrainStep.create({ network, input, classes: 7, batch, kernels: chosen, createSession, threads: 1 });
  const { specs } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  step.load(new Map(specs.map((spec) => [spec.name, spec.initializer(spec.shape, randomFor(seed, spec.name))])));
  const optimizer = makeOptimizer(step);
  const average = averageWeights(step.stored, 0.5);
  const position = freshPosition();
  return {
    step,
    optimizer,
    average,
    position,
    async run(steps) {
      for (let i = 0; i < steps; i++) {
        const random = randomFor('batch', optimizer.steps);
        for (let at = 0; at < step.images.length; at++) step.images[at] = random.normal();
        step.targets.fill(0);
        for (let n = 0; n < batch; n++) step.targets[n * 7 + random.int(7)] = 1;
        for (const mask of step.masks) mask.data.fill(1);
        await step.run();
        optimizer.step(0.01);
        average.update(optimizer.steps);
        position.step++;
        position.optimizerSteps = optimizer.steps;
      }
    },
  };
}

describe('checkpoint', () => {
  it.each([
    ['SGD', bySgd],
    ['Adam', byAdam],
  ] as const)('a run that goes on from it equals one that never stopped, bit for bit (%s)', async (_, make) => {
    const file = join(temporaryDir(), 'last.safetensors');
    const whole = await start(kernels, make);
    await whole.run(2);
    saveCheckpoint(file, whole);
    await whole.run(2);
    const resumed = await start(kernels, make, 99);
    loadCheckpoint(file, resumed);
    expect(resumed.position).toMatchObject({ step: 2, optimizerSteps: 2 });
    await resumed.run(2);
    expectSameBits(resumed.step.save(), whole.step.save());
    expectSameBits(resumed.optimizer.state, whole.optimizer.state);
    expectSameBits(resumed.average.average, whole.average.average);
    expect(resumed.position).toEqual(whole.position);
    await whole.step.release();
    await resumed.step.release();
  });

  it.skipIf(!kernels.block)('stands in plain order: a machine without blocked kernels goes on with nearly the same weights', async () => {
    const file = join(temporaryDir(), 'last.safetensors');
    const blocked = await start(kernels, bySgd);
    await blocked.run(2);
    saveCheckpoint(file, blocked);
    const standard = await start(standardKernels, bySgd, 99);
    loadCheckpoint(file, standard);
    expectSameBits(standard.step.save(), blocked.step.save());
    expectSameBits(standard.step.save(standard.average.average), blocked.step.save(blocked.average.average));
    await blocked.run(2);
    await standard.run(2);
    const expected = blocked.step.save();
    for (const [name, values] of standard.step.save()) expect(relativeError(values, expected.get(name)!), name).toBeLessThan(1e-2);
    await blocked.step.release();
    await standard.step.release();
  });

  it('refuses what is missing, foreign, cut off or of another optimiser, as a user’s mistake', async () => {
    const dir = temporaryDir();
    const file = join(dir, 'last.safetensors');
    const state = await start(standardKernels, bySgd);
    const refusal = (path: string, into: TrainingState): UserError => {
      try {
        loadCheckpoint(path, into);
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        return error as UserError;
      }
      throw new Error('was accepted');
    };
    expect(refusal(file, state).code).toBe('no-checkpoint');
    saveCheckpoint(file, state);
    const bytes = readFileSync(file);
    const other: TrainingState = { ...state, optimizer: byAdam(state.step) };
    expect(refusal(file, other).message).toMatch(/optimizer stem\.weight\.mean needs 288 values, the checkpoint has none/);
    writeFileSync(file, bytes.subarray(0, bytes.length - 5));
    expect(refusal(file, state).code).toBe('bad-safetensors');
    writeFileSync(file, encodeSafetensors({ tensors: decodeSafetensors(bytes, file).tensors, metadata: {} }));
    expect(refusal(file, state).message).toMatch(/expected a checkpoint of format mien-checkpoint-\d, got none/);
    await state.step.release();
  });
});
