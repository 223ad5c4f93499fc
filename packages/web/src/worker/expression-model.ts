/** The expression model a worker has open: its bytes, its recogniser and what can be seen inside it. */
import { decodeModel, encodeModel, type OnnxModel, type SessionOptions } from '@mien/onnx';
import { createSession } from '@mien/onnx/web';
import { loadLandmarks, loadRecogniser, readCard, type Recogniser } from '@mien/runtime';
import { tapModel } from '../model/tap-model.ts';
import { download } from './download.ts';

export interface ExpressionModel {
  readonly recogniser: Recogniser;
  /** As it was in the file. */
  readonly network: OnnxModel;
  /** Extra outputs that come with each recognition. */
  readonly outputs: readonly string[];
}

/** Opens a model and taps what it allows; `landmarks` is the landmark network's address. Throws `UserError` as `loadRecogniser`, and `unreachable`. */
export async function openExpressionModel(bytes: Uint8Array, file: string, session: SessionOptions, landmarks: string): Promise<ExpressionModel> {
  const { output } = readCard(bytes, file);
  const network = decodeModel(bytes);
  const { model, outputs } = tapModel(network, output.name);
  const recogniser = await loadRecogniser({
    model: outputs.length > 0 ? encodeModel(model) : bytes,
    createSession,
    file,
    session,
    extraOutputs: outputs,
    landmarks: async () => loadLandmarks({ model: await download(landmarks, 'the landmark network'), createSession, file: landmarks, session }),
  });
  return { recogniser, network, outputs };
}
