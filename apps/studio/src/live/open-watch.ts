/** The model in use, opened for cameras and films. */
import { type Mien, openMien } from '@mien/web';
import { type ModelLoader, modelOf } from '../model/model-loader.ts';

/**
 * `bytes`: another model than the one in use. Rejects with an error whose `code` is one of `@mien/web`'s, `no-model` or
 * `unreachable`.
 */
export async function openWatch(loader: ModelLoader, bytes?: Uint8Array): Promise<Mien> {
  const listed = await loader.list();
  const model = modelOf(loader.state.value);
  if (!listed || !model) throw Object.assign(new Error('there is no model'), { code: loader.state.value.kind === 'failed' ? 'unreachable' : 'no-model' });
  const { liveDetector, landmarks, ort } = loader.catalogue.value!.runtime;
  // ONNX Runtime's WebAssembly build is the one the studio carries.
  return openMien({ model: bytes ?? model.url, detector: liveDetector.url, landmarks: landmarks.url, wasmPaths: ort.baseUrl, device: 'wasm' });
}
