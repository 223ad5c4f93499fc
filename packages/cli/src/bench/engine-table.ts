/** The table of the engine benchmark: each measure with what it must reach and what it should. */
import type { EngineBench } from '../bench-engine.ts';

export interface TableRow {
  readonly measure: string;
  /** Undefined where it was not measured; `note` says why. */
  readonly value: number | undefined;
  readonly shown: string;
  readonly must: string;
  readonly aim: string;
  readonly note: string;
}

/** Parts of sgemm by network: what it must reach, and the aim. */
const sgemmGoals: Readonly<Record<string, readonly [string, string]>> = {
  'resnet18-48': ['≥ 0.68', '≥ 0.80'],
  'se-cnn-improved': ['≥ 0.45', '≥ 0.60'],
  'efficientnet-b0': ['≥ 0.12', '≥ 0.30'],
};

function ratioRow(measure: string, peer: EngineBench['peers'][number], goals: readonly [string, string]): TableRow {
  const [must, aim] = goals;
  if ('skipped' in peer.result) return { measure, value: undefined, shown: 'not measured', must, aim, note: peer.result.skipped };
  const { ratio, stepMs, engine, oursMs } = peer.result;
  return {
    measure,
    value: ratio,
    shown: `${ratio.toFixed(2)}×`,
    must,
    aim,
    note: `${engine}: ${stepMs.toFixed(0)} ms a step, Mien beside it ${oursMs.toFixed(0)} ms`,
  };
}

/** All rows that were asked for. */
export function tableRows(bench: EngineBench): TableRow[] {
  const rows: TableRow[] = bench.models.map((m) => {
    const [must, aim] = sgemmGoals[m.name] ?? ['', ''];
    return {
      measure: `${m.name} ${m.input.slice(1).join('×')}, N=${m.batch}: training, of sgemm`,
      value: m.ofSgemm,
      shown: m.ofSgemm.toFixed(2),
      must,
      aim,
      note: `${m.stepMs.toFixed(0)} ms a step, ${m.imagesPerSecond.toFixed(1)} images/s, ${m.gflops.toFixed(0)} GFLOP/s; augmentation ${(100 * m.augmentShare).toFixed(1)} %`,
    };
  });
  for (const peer of bench.peers) {
    const goals: readonly [string, string] =
      peer.against === 'PyTorch' ? ['≥ 0.9×', '≥ 1.2×'] : peer.against === 'TensorFlow.js wasm' ? ['≥ 20×', '≥ 40×'] : ['', ''];
    rows.push(ratioRow(`${peer.model}, N=${peer.batch}: Mien's speed against ${peer.against}`, peer, goals));
  }
  if (bench.peakMemory) {
    const { peakMb, trainingCase } = bench.peakMemory;
    const shown = `${(peakMb / 1000).toFixed(2)} GB`;
    rows.push({
      measure: `${trainingCase.name}, N=${trainingCase.batch}: peak resident memory`,
      value: peakMb,
      shown,
      must: '≤ 1.0 GB',
      aim: '≤ 0.7 GB',
      note: 'a process of its own',
    });
  }
  if (bench.soak) {
    const { growth, steps, warmMb, endMb, trainingCase } = bench.soak;
    const shown = `${(100 * growth).toFixed(1)} %`;
    const note = `${trainingCase.name}, N=${trainingCase.batch}: ${warmMb.toFixed(0)} → ${endMb.toFixed(0)} MB`;
    rows.push({ measure: `${steps} steps: growth of resident memory after warm-up`, value: growth, shown, must: '< 2 %', aim: '0', note });
  }
  return rows;
}

const head = ['measure', 'measured', 'must', 'aim', 'how'] as const;

function cells(row: TableRow): string[] {
  return [row.measure, row.shown, row.must, row.aim, row.note];
}

/** Where and with what it was measured, in one line. */
export function conditions(bench: EngineBench): string {
  return `${bench.date}, ${bench.machine}; device ${bench.device}; matrix product (sgemm) ${bench.sgemmGflops.toFixed(0)} GFLOP/s; ${bench.kernels}; median of ${bench.counted} steps after ${bench.warmups}`;
}

/** The table as Markdown, with the machine above it. */
export function markdownTable(bench: EngineBench): string {
  const line = (parts: readonly string[]): string => `| ${parts.join(' | ')} |`;
  return [`${conditions(bench)}.`, '', line(head), line(head.map(() => '---')), ...tableRows(bench).map((row) => line(cells(row))), ''].join('\n');
}
