/**
 * A training in a process of its own, for its memory alone: started by `memory.ts` with one JSON argument, sends how far it
 * is, and at last the result. Resident memory is sampled after a garbage collection, so that only what is held counts.
 */
import { probeKernels } from '@mien/engine';
import { createSession } from '@mien/onnx/node';
import type { MemoryMessage, MemoryRequest } from './memory.ts';
import { openCase } from './training-case.ts';
import { median } from './timing.ts';

/** Samples along the way, and how many of them stand for the memory at one end. */
const samples = 40;
const atEachEnd = 5;

const { trainingCase, steps, warmups } = JSON.parse(process.argv[2]!) as MemoryRequest;
const send = (message: MemoryMessage): void => {
  process.send!(message);
};
const { kernels } = await probeKernels(createSession);
const open = await openCase(trainingCase, kernels, createSession);
const every = Math.max(1, Math.floor((steps - warmups) / samples));
const residentMb: number[] = [];
for (let done = 1; done <= steps; done++) {
  open.fill();
  await open.run();
  if (done <= warmups || (done - warmups) % every !== 0) continue;
  globalThis.gc!();
  residentMb.push(process.memoryUsage().rss / 1e6);
  send({ done });
}
await open.release();
send({
  result: {
    // In units of 1,024 bytes.
    peakMb: (process.resourceUsage().maxRSS * 1024) / 1e6,
    warmMb: median(residentMb.slice(0, atEachEnd)),
    endMb: median(residentMb.slice(-atEachEnd)),
  },
});
process.disconnect();
