/** The engine benchmark: training steps, memory and other engines beside the matrix product of the same run. */
import { availableParallelism, cpus } from 'node:os';
import { chooseKernels, type Kernels } from '@mien/engine';
import { type CreateSession, type Device, onDevice } from '@mien/onnx';
import { createSession, runtimeVersion } from '@mien/onnx/node';
import { measureMemory, type MemoryResult } from './bench/memory.ts';
import { measureInBrowser, measurePyTorch, type PeerSteps, type Skipped } from './bench/peers.ts';
import { openSgemm, type Sgemm } from './bench/sgemm.ts';
import { trainSmallCnn } from './bench/small-cnn.ts';
import { type MeasuredCase, measureCase, smallCnnCase, type TrainingCase, trainingCases } from './bench/training-case.ts';
import { median, type StepCounts } from './bench/timing.ts';

export const benchParts = ['steps', 'pytorch', 'tfjs', 'memory', 'soak'] as const;
export type BenchPart = (typeof benchParts)[number];

export interface EngineBenchOptions extends StepCounts {
  readonly parts: readonly BenchPart[];
  readonly device: Device;
  readonly soakSteps: number;
  /** Images in every batch instead of the measured ones, to try the benchmark out. */
  readonly batch?: number;
  /** One line about what is under way or was found. */
  readonly say: (line: string) => void;
  readonly onProgress: (what: string, done: number, total: number) => void;
}

export interface EngineBenchModel extends MeasuredCase {
  readonly ofSgemm: number;
}

export interface PeerRatio {
  readonly engine: string;
  readonly stepMs: number;
  /** Mien's median step, measured right before. */
  readonly oursMs: number;
  /** Mien's images per second ÷ the other's. */
  readonly ratio: number;
}

export interface PeerComparison {
  readonly against: string;
  readonly model: string;
  readonly batch: number;
  readonly result: PeerRatio | Skipped;
}

export interface EngineBench {
  readonly date: string;
  readonly machine: string;
  readonly device: Device;
  readonly kernels: string;
  readonly warmups: number;
  readonly counted: number;
  readonly sgemmGflops: number;
  readonly models: readonly EngineBenchModel[];
  readonly peers: readonly PeerComparison[];
  readonly peakMemory?: MemoryResult & { readonly trainingCase: TrainingCase };
  /** `growth`: (end − warm) ÷ warm. */
  readonly soak?: MemoryResult & { readonly trainingCase: TrainingCase; readonly steps: number; readonly growth: number };
}

/** Everything the parts share. */
interface Bench extends EngineBenchOptions {
  readonly kernels: Kernels;
  readonly create: CreateSession;
  readonly sgemm: Sgemm;
  /** Medians of the matrix product, taken around the cases; the best one is the roofline, so a slow moment flatters nobody. */
  readonly rooflines: number[];
}

function compared(mine: { stepMs: number; parameters: number }, peer: PeerSteps | Skipped): PeerRatio | Skipped {
  if ('skipped' in peer) return peer;
  if (peer.parameters !== mine.parameters)
    throw new Error(`${peer.engine} trained ${peer.parameters} parameters, Mien ${mine.parameters}: not the same network`);
  const stepMs = median(peer.steps);
  return { engine: peer.engine, stepMs, oursMs: mine.stepMs, ratio: stepMs / mine.stepMs };
}

async function benchSteps(bench: Bench): Promise<{ models: MeasuredCase[]; peers: PeerComparison[] }> {
  const models: MeasuredCase[] = [];
  const peers: PeerComparison[] = [];
  for (const each of trainingCases) {
    const withPeer = bench.parts.includes('pytorch') && each.name !== 'efficientnet-b0';
    if (!bench.parts.includes('steps') && !withPeer) continue;
    const batch = bench.batch ?? each.batch;
    bench.say(`${each.name}, batch ${batch}: training steps`);
    const measured = await measureCase({ ...each, batch }, bench.kernels, bench.create, bench);
    models.push(measured);
    bench.rooflines.push(await bench.sgemm.measure());
    bench.say(`  ${measured.stepMs.toFixed(0)} ms a step`);
    if (!withPeer) continue;
    bench.say(`${each.name}, batch ${batch}: PyTorch`);
    peers.push({ against: 'PyTorch', model: each.name, batch, result: compared(measured, await measurePyTorch(each.name, batch, bench)) });
  }
  return { models, peers };
}

/** Largest distance of two losses at the same step that single precision and another order of sums explain. */
const lossTolerance = 1e-3;

/** The same network, weights and data in every engine: their losses must agree, or they do not train the same thing. */
function checkLosses(peer: PeerSteps | Skipped, losses: readonly number[]): void {
  if ('skipped' in peer) return;
  const apart = Math.max(...peer.losses!.map((loss, i) => Math.abs(loss - losses[i]!)));
  if (!(apart < lossTolerance)) throw new Error(`${peer.engine}: its loss is ${apart} away from Mien's on the same weights and data`);
}

async function benchSmallCnn(bench: Bench): Promise<PeerComparison[]> {
  const model = smallCnnCase.name;
  const batch = bench.batch ?? smallCnnCase.batch;
  bench.say(`${model}, batch ${batch}: TensorFlow.js`);
  const { parameters, steps, losses } = await trainSmallCnn(bench.create, bench.kernels, batch, bench.warmups + bench.counted);
  const tfjs = await measureInBrowser('tfjs', batch, bench);
  checkLosses(tfjs, losses);
  const against = 'TensorFlow.js wasm';
  const native = { against, model, batch, result: compared({ parameters, stepMs: median(steps.slice(bench.warmups)) }, tfjs) };
  bench.say(`${model}, batch ${batch}: Mien in the same browser`);
  const inBrowser = await measureInBrowser('mien', batch, bench);
  checkLosses(inBrowser, losses);
  const result = 'skipped' in inBrowser ? inBrowser : compared({ parameters: inBrowser.parameters, stepMs: median(inBrowser.steps) }, tfjs);
  return [native, { against: `${against}, both in the browser`, model, batch, result }];
}

async function benchMemory(bench: EngineBenchOptions): Promise<Pick<EngineBench, 'peakMemory' | 'soak'>> {
  const found: { peakMemory?: EngineBench['peakMemory']; soak?: EngineBench['soak'] } = {};
  if (bench.parts.includes('memory')) {
    const { name, batch } = trainingCases[0]!;
    const trainingCase = { name, batch: bench.batch ?? batch };
    bench.say(`${name}, batch ${trainingCase.batch}: peak memory`);
    found.peakMemory = {
      ...(await measureMemory({ trainingCase, steps: bench.warmups + bench.counted, warmups: bench.warmups }, () => undefined)),
      trainingCase,
    };
  }
  if (bench.parts.includes('soak')) {
    const trainingCase = { ...smallCnnCase, batch: bench.batch ?? smallCnnCase.batch };
    const steps = bench.soakSteps;
    bench.say(`${trainingCase.name}, batch ${trainingCase.batch}: ${steps} steps`);
    const memory = await measureMemory({ trainingCase, steps, warmups: Math.floor(steps / 10) }, (done) => bench.onProgress('steps', done, steps));
    found.soak = { ...memory, trainingCase, steps, growth: (memory.endMb - memory.warmMb) / memory.warmMb };
  }
  return found;
}

/** Measures the parts asked for, in one run. Throws `DeviceError` when the device cannot be had. */
export async function benchEngine(options: EngineBenchOptions): Promise<EngineBench> {
  const { device, say, warmups, counted } = options;
  const { kernels, report } = await chooseKernels(createSession, device);
  say(`kernels: ${report}`);
  const create = onDevice(createSession, device);
  say('matrix product (sgemm)');
  const sgemm = await openSgemm(create);
  const bench: Bench = { ...options, kernels, create, sgemm, rooflines: [await sgemm.measure()] };
  const { models, peers } = await benchSteps(bench);
  if (options.parts.includes('tfjs')) peers.push(...(await benchSmallCnn(bench)));
  const memory = await benchMemory(options);
  bench.rooflines.push(await sgemm.measure());
  await sgemm.release();
  const sgemmGflops = Math.max(...bench.rooflines);
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, ${process.platform} ${process.arch}, Node ${process.version}, onnxruntime-node ${runtimeVersion}`,
    device,
    kernels: report,
    warmups,
    counted,
    sgemmGflops,
    models: models.map((m) => ({ ...m, ofSgemm: m.gflops / sgemmGflops })),
    peers,
    ...memory,
  };
}
