/** What a training's time was taken with: without it the figure says little. */
import { cpus } from 'node:os';
import type { Device } from '@mien/onnx';

/** `1 thread of a machine with 2 cores (AMD EPYC)`; no `threads`: one a core. */
export function describeMachine(device: Device | undefined, threads: number | undefined): string {
  const processors = cpus();
  const model = processors[0]?.model.trim().replaceAll(/\s+/g, ' ') || 'unknown processor';
  const used = threads ?? processors.length;
  const machine = `a machine with ${processors.length === 1 ? '1 core' : `${processors.length} cores`} (${model})`;
  return device === undefined || device === 'cpu' ? `${used === 1 ? '1 thread' : `${used} threads`} of ${machine}` : `${device} in ${machine}`;
}
