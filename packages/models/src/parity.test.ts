/** Every architecture gives the same logits in each graph it is built into, on both sorts of kernels. */
import { probeKernels, relativeError, standardKernels } from '@mien/engine';
import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { exportedLogits, fedLogits } from '../test/logits.ts';
import { classes, pixels, smallBuildNames, smallSetting } from '../test/small-builds.ts';
import { architectures } from './registry.ts';

const { kernels, report } = await probeKernels(createSession);
if (!kernels.block) console.warn(`blocked kernels are not tested on this machine: ${report}`);
const N = 2;

it('there is a small build of every architecture', () => expect(smallBuildNames).toEqual(expect.arrayContaining(architectures.map((a) => a.name))));

describe.each(smallBuildNames)('%s', (name) => {
  it('the exported file gives the logits of the training graph in its evaluation mode', async () => {
    const setting = smallSetting(name);
    const images = pixels(N, setting.input);
    const exported = await exportedLogits(setting, images, N, createSession);
    // A network that says the same of every picture would agree with anything.
    const other = relativeError(exported.slice(0, classes), exported.slice(classes));
    expect(other).toBeGreaterThan(1e-2);
    for (const chosen of kernels.block ? [standardKernels, kernels] : [standardKernels]) {
      for (const mode of ['infer', 'train'] as const) {
        const fed = await fedLogits(setting, images, N, { mode, kernels: chosen, createSession });
        expect(relativeError(fed, exported), `${mode}, blocks of ${chosen.block}`).toBeLessThan(1e-4);
      }
    }
    const single = await exportedLogits(setting, images.slice(0, images.length / N), 1, createSession);
    expect(relativeError(single, exported.slice(0, classes))).toBeLessThan(1e-4);
  });
});
