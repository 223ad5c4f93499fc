/** The expression model a worker has open: its bytes, its recogniser and what can be seen inside it. */
import { decodeModel, encodeModel, type OnnxModel, type SessionOptions } from '@mien/onnx';
import { createSession } from '@mien/onnx/web';
import { loadLandmarks, loadRecogniser, readCard, type Recogniser } from '@mien/runtime';
import { tapModel } from '../model/tap-model.ts';
import { download } from './download.ts';

/** A model file read and tapped, which needs no ONNX Runtime. */
export interface PreparedModel {
  readonly file: string;
  /** What the session is opened on. */
  readonly bytes: Uint8Array;
  /** As it was in the file. */
  readonly network: OnnxModel;
  /** Extra outputs that come with each recognition. */
  readonly outputs: readonly string[];
}

export interface ExpressionModel {
  readonly recogniser: Recogniser;
  /** As it was in the file. */
  readonly network: OnnxModel;
}

/** Reads a model and taps what it allows. Throws `UserError` as `readCard`. */
export function prepareModel(bytes: Uint8Array, file: string): PreparedModel {
  const { output } = readCard(bytes, file);
  const network = decodeModel(bytes);
  const { model, outputs } = tapModel(network, output.name);
  return { file, bytes: outputs.length > 0 ? encodeModel(model) : bytes, network, outputs };
}

/** Opens it; `landmarks` is the landmark network's address. Throws `UserError` as `loadRecogniser`, and `unreachable`. */
export async function openModel({ file, bytes, network, outputs }: PreparedModel, session: SessionOptions, landmarks: string): Promise<ExpressionModel> {
  const recogniser = await loadRecogniser({
    model: bytes,
    createSession,
    file,
    session,
    extraOutputs: outputs,
    landmarks: async () => loadLandmarks({ model: await download(landmarks, 'the landmark network'), createSession, file: landmarks, session }),
  });
  return { recogniser, network };
}
