/** No sample of a batch sees another: the mistake of a published relative of system A, which attends over the batch. */
import { relativeError, standardKernels } from '@mien/engine';
import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { exportedLogits, fedLogits } from '../test/logits.ts';
import { classes, pixels, type Setting, smallSetting } from '../test/small-builds.ts';

const N = 3;

/** Logits of one batch from the graph that is shipped, or from the one that trains with batch norm frozen. */
const graphs: Record<string, (setting: Setting, images: Float32Array) => Promise<Float32Array>> = {
  inference: (setting, images) => exportedLogits(setting, images, N, createSession),
  'training, batch norm frozen': (setting, images) => fedLogits(setting, images, N, { mode: 'train', kernels: standardKernels, createSession }),
};

describe.each(['resnet18-patch-attention', 'resnet18-48', 'vit-small'])('%s', (name) => {
  it.each(Object.keys(graphs))('the %s graph: the first sample’s logits do not change with the others', async (graph) => {
    const setting = smallSetting(name);
    const images = pixels(N, setting.input);
    const size = images.length / N;
    const changed = images.map((value, i) => (i < size ? value : 3 - 2 * value));
    const [before, after] = [await graphs[graph]!(setting, images), await graphs[graph]!(setting, changed)];
    expect(relativeError(after.slice(0, classes), before.slice(0, classes))).toBeLessThan(1e-6);
    expect(relativeError(after.slice(classes), before.slice(classes))).toBeGreaterThan(1e-2);
  });
});
