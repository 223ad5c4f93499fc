/** The part of a session that is the same for onnxruntime-node and onnxruntime-web. */
import type { InferenceSession, Tensor as OrtTensor, TypedTensor } from 'onnxruntime-common';
import type { Feeds, Session, SessionOptions } from './session.ts';
import type { DType, TensorData, TensorValue } from './tensor.ts';

interface Ort {
  InferenceSession: { create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession> };
  Tensor: new (type: never, data: never, dims: readonly number[]) => OrtTensor;
}

export async function openSession(
  ort: Ort,
  model: Uint8Array,
  providers: InferenceSession.SessionOptions['executionProviders'],
  options: SessionOptions,
): Promise<Session> {
  const session = await ort.InferenceSession.create(model, {
    executionProviders: providers,
    graphOptimizationLevel: options.optimize ?? 'all',
    enableMemPattern: options.memoryPattern ?? true,
    ...(options.threads ? { intraOpNumThreads: options.threads, interOpNumThreads: 1 } : {}),
    ...(options.profile ? { enableProfiling: true, profileFilePrefix: options.profile } : {}),
    logSeverityLevel: 3,
  });
  const wrap = (t: TensorValue): OrtTensor => new ort.Tensor(t.dtype as never, t.data as never, t.shape);
  const wrapAll = (tensors: Readonly<Record<string, TensorValue>>): Record<string, OrtTensor> =>
    Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, wrap(t)]));
  const unwrap = (t: OrtTensor): TensorValue => ({
    dtype: t.type as DType,
    shape: t.dims,
    data: (t as TypedTensor<'float32'>).data as unknown as TensorData,
  });
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds: Feeds, fetches) {
      const wanted = fetches === undefined ? session.outputNames : Array.isArray(fetches) ? fetches : wrapAll(fetches as Record<string, TensorValue>);
      const results = await session.run(wrapAll(feeds), wanted as InferenceSession.FetchesType);
      return Object.fromEntries(Object.entries(results).map(([name, t]) => [name, unwrap(t as OrtTensor)]));
    },
    bind(feeds, fetches) {
      const ortFeeds = wrapAll(feeds);
      const ortFetches = wrapAll(fetches);
      return async () => {
        await session.run(ortFeeds, ortFetches);
      };
    },
    async release() {
      // Ending the profile writes its file; ONNX Runtime otherwise drops it.
      if (options.profile) session.endProfiling();
      await session.release();
    },
  };
}
