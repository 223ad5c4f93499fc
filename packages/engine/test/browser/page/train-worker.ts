/** Trains the small network where the page stays free. */
import { onDevice } from '@mien/onnx';
import { createSession, setWasmPaths } from '@mien/onnx/web';
import { chooseKernels } from '../../../src/index.ts';
import { trainSmallNetwork } from '../../train-small-network.ts';
import type { Reply, TrainRequest } from './messages.ts';

async function train({ device, steps, threads, ortUrl }: TrainRequest): Promise<Reply> {
  setWasmPaths(ortUrl);
  try {
    const withThreads: typeof createSession = (model, options) => createSession(model, { ...(threads ? { threads } : {}), ...options });
    const { kernels, report } = await chooseKernels(withThreads, device);
    const began = performance.now();
    const trained = await trainSmallNetwork(onDevice(withThreads, device), kernels, steps);
    return { done: { ...trained, report, ms: performance.now() - began } };
  } catch (error) {
    return { failed: { name: (error as Error).name, message: (error as Error).message } };
  }
}

globalThis.addEventListener('message', (event) => {
  void train((event as MessageEvent<TrainRequest>).data).then((reply) => globalThis.postMessage(reply));
});
