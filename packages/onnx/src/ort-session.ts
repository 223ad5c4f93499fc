/** The part of a session that is the same for onnxruntime-node and onnxruntime-web. */
import type { InferenceSession, Tensor as OrtTensor, TypedTensor } from 'onnxruntime-common';
import { type Device, DeviceError, isAccelerator } from './device.ts';
import { encodeModel } from './model-file.ts';
import type { Feeds, Session, SessionOptions } from './session.ts';
import type { DType, TensorData, TensorValue } from './tensor.ts';

export interface Ort {
  InferenceSession: { create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession> };
  Tensor: new (type: never, data: never, dims: readonly number[]) => OrtTensor;
}

export interface Platform {
  readonly ort: Ort;
  /** True where ONNX Runtime writes results into tensors it is given; onnxruntime-web leaves those as they were. */
  readonly writesIntoGiven: boolean;
  /** Devices of this platform, for messages. */
  readonly devices: readonly Device[];
}

type OrtFetches = readonly string[] | Record<string, OrtTensor>;

/** Opens a session on exactly `device`. Throws `DeviceError` when the device, and not the model, is at fault. */
export async function openSession(platform: Platform, model: Uint8Array, device: Device, options: SessionOptions): Promise<Session> {
  const session = await create(platform, model, device, options);
  const { ort } = platform;
  const wrap = (t: TensorValue): OrtTensor => new ort.Tensor(t.dtype as never, t.data as never, t.shape);
  const wrapAll = (tensors: Readonly<Record<string, TensorValue>>): Record<string, OrtTensor> =>
    Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, wrap(t)]));
  const unwrap = (t: OrtTensor): TensorValue => ({
    dtype: t.type as DType,
    shape: t.dims,
    data: (t as TypedTensor<'float32'>).data as unknown as TensorData,
  });
  /** What to ask ONNX Runtime for so that results can land in `given`. */
  const ask = (given: Readonly<Record<string, TensorValue>>): OrtFetches => (platform.writesIntoGiven ? wrapAll(given) : Object.keys(given));
  const runOnce = (feeds: Record<string, OrtTensor>, fetches: OrtFetches): Promise<InferenceSession.OnnxValueMapType> =>
    session.run(feeds, fetches as InferenceSession.FetchesType);
  /** Copies results into the tensors given, unless they already stand there; frees ONNX Runtime's copies. */
  const settle = (results: InferenceSession.OnnxValueMapType, given: Readonly<Record<string, TensorValue>>): void => {
    if (platform.writesIntoGiven) return;
    for (const [name, target] of Object.entries(given)) {
      const result = results[name] as TypedTensor<'float32'>;
      if (result.size !== target.data.length) throw new RangeError(`output ${name} has shape [${result.dims}], the tensor given for it [${target.shape}]`);
      target.data.set(result.data as never);
      result.dispose();
    }
  };
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds: Feeds, fetches) {
      if (fetches === undefined || Array.isArray(fetches)) {
        const results = await runOnce(wrapAll(feeds), fetches ?? session.outputNames);
        return Object.fromEntries(Object.entries(results).map(([name, t]) => [name, unwrap(t as OrtTensor)]));
      }
      const given = fetches as Readonly<Record<string, TensorValue>>;
      settle(await runOnce(wrapAll(feeds), ask(given)), given);
      return { ...given };
    },
    bind(feeds, fetches) {
      const ortFeeds = wrapAll(feeds);
      const ortFetches = ask(fetches);
      return async () => settle(await runOnce(ortFeeds, ortFetches), fetches);
    },
    async release() {
      // Ending the profile writes its file; ONNX Runtime otherwise drops it.
      if (options.profile) session.endProfiling();
      await session.release();
    },
  };
}

async function create({ ort, devices }: Platform, model: Uint8Array, device: Device, options: SessionOptions): Promise<InferenceSession> {
  const open = (bytes: Uint8Array): Promise<InferenceSession> =>
    ort.InferenceSession.create(bytes, {
      executionProviders: [device],
      graphOptimizationLevel: options.optimize ?? 'all',
      enableMemPattern: options.memoryPattern ?? true,
      ...(options.threads ? { intraOpNumThreads: options.threads, interOpNumThreads: 1 } : {}),
      ...(options.profile ? { enableProfiling: true, profileFilePrefix: options.profile } : {}),
      ...(isAccelerator(device) ? { extra: { session: { disable_cpu_ep_fallback: '1' } } } : {}),
      // On an accelerator ONNX Runtime's own account of what went wrong would stand above ours.
      logSeverityLevel: isAccelerator(device) ? 4 : 3,
    });
  try {
    return await open(model);
  } catch (error) {
    if (!isAccelerator(device)) throw error;
    const reason = (error as Error).message;
    if (reason.includes('fallback to CPU')) {
      const message = `device ${device} lacks an op of this graph, and nothing is moved to the CPU in silence; build a training graph with the kernels of the device, or use ${devices[0]}`;
      throw new DeviceError(device, message, { cause: error });
    }
    // Is it the device or the model? A graph of one op tells.
    await open(smallestModel).then(
      (session) => session.release(),
      () => {
        const message = `device ${device} cannot be used here: ${firstLine(reason)}. ${needs[device] ?? ''}; ${devices[0]} always works`;
        throw new DeviceError(device, message, { cause: error });
      },
    );
    throw error;
  }
}

const needs: Partial<Record<Device, string>> = {
  webgpu: 'It needs a graphics adapter with a Vulkan, Metal or Direct3D 12 driver',
  cuda: "It needs an NVIDIA card and ONNX Runtime's CUDA libraries, which onnxruntime-node fetches at install unless onnxruntime-node-install=skip is set",
};

/** y = relu(x). */
export const smallestModel = encodeModel({
  irVersion: 9,
  opsets: { '': 20 },
  producer: 'mien',
  graphName: 'smallest',
  nodes: [{ opType: 'Relu', inputs: ['x'], outputs: ['y'] }],
  initializers: {},
  inputs: [{ name: 'x', dtype: 'float32', shape: [1] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: [1] }],
  metadata: {},
});

/** The first line of one of ONNX Runtime's messages, without the C++ place it may begin with. */
function firstLine(message: string): string {
  const line = message.split('\n')[0]!.replace(/^\/\S+\.cc:\d+ .*?(?=[A-Z][a-z]+ )/, '');
  return line.trim().replace(/\.$/, '').slice(0, 200);
}
