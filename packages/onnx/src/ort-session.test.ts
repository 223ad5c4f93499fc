/** What does not depend on the build of ONNX Runtime, against one made up for the purpose. */
import { describe, expect, it } from 'vitest';
import { DeviceError } from './device.ts';
import { openSession, type Platform } from './ort-session.ts';
import { tensor } from './tensor.ts';

interface Created {
  readonly bytes: Uint8Array;
  readonly options: { executionProviders: string[]; extra?: { session: Record<string, string> } };
}

/** Sessions that put out [1, 2, 3] under `y`, as onnxruntime-web does: whatever they are given, in a tensor of their own. */
function platform(create?: (bytes: Uint8Array) => void): Platform & { created: Created[]; disposed: number } {
  const made = {
    created: [] as Created[],
    disposed: 0,
    writesIntoGiven: false,
    devices: ['wasm', 'webgpu'] as const,
    ort: {
      InferenceSession: {
        async create(bytes: Uint8Array, options: Created['options']) {
          made.created.push({ bytes, options });
          create?.(bytes);
          return {
            inputNames: ['x'],
            outputNames: ['y'],
            async run(_feeds: object, fetches: unknown) {
              expect(fetches).toEqual(['y']);
              return { y: { type: 'float32', dims: [3], size: 3, data: Float32Array.of(1, 2, 3), dispose: () => made.disposed++ } };
            },
            async release() {},
          };
        },
      },
      Tensor: class {},
    } as never,
  };
  return made;
}

const bytes = Uint8Array.of(1);
const x = { x: tensor.float32(new Float32Array(1), [1]) };

describe('where ONNX Runtime does not write into given tensors', () => {
  it('run and bind copy the results in, and free ONNX Runtime’s', async () => {
    const web = platform();
    const session = await openSession(web, bytes, 'wasm', {});
    const y = tensor.float32(new Float32Array(3), [3]);
    const results = await session.run(x, { y });
    expect(results.y).toBe(y);
    expect([...y.data]).toEqual([1, 2, 3]);
    y.data.fill(0);
    await session.bind(x, { y })();
    expect([...y.data]).toEqual([1, 2, 3]);
    expect(web.disposed).toBe(2);
  });

  it('a tensor of another size is refused, naming both shapes', async () => {
    const session = await openSession(platform(), bytes, 'wasm', {});
    await expect(session.run(x, { y: tensor.float32(new Float32Array(2), [2]) })).rejects.toThrow('output y has shape [3], the tensor given for it [2]');
  });
});

describe('devices', () => {
  it('an accelerator may leave nothing to the processor', async () => {
    const web = platform();
    await openSession(web, bytes, 'webgpu', {});
    await openSession(web, bytes, 'wasm', {});
    expect(web.created.map(({ options }) => [options.executionProviders, options.extra?.session])).toEqual([
      [['webgpu'], { disable_cpu_ep_fallback: '1' }],
      [['wasm'], undefined],
    ]);
  });

  it('an op the accelerator lacks is a DeviceError', async () => {
    const web = platform(() => {
      throw new Error('This session contains graph nodes that are assigned to the default CPU EP, but fallback to CPU EP has been explicitly disabled');
    });
    const opened = openSession(web, bytes, 'webgpu', {});
    await expect(opened).rejects.toThrow(DeviceError);
    await expect(opened).rejects.toThrow(/^device webgpu lacks an op of this graph, and nothing is moved to the CPU in silence/);
  });

  it('an accelerator that is not there is a DeviceError; what was found is told in one line', async () => {
    const web = platform(() => {
      throw new Error('/src/webgpu_context.cc:136 void Initialize(int) Failed to get an adapter: none.\nand a stack');
    });
    const opened = openSession(web, bytes, 'webgpu', {});
    await expect(opened).rejects.toThrow(/^device webgpu cannot be used here: Failed to get an adapter: none\. It needs [^\n]*; wasm always works$/);
    await expect(opened).rejects.toMatchObject({ name: 'DeviceError', device: 'webgpu' });
  });

  it('a model that is at fault keeps ONNX Runtime’s own error', async () => {
    const web = platform((given) => {
      if (given === bytes) throw new Error('invalid model');
    });
    await expect(openSession(web, bytes, 'webgpu', {})).rejects.toThrow(/^invalid model$/);
  });
});
