/** The folder that holds the released `.onnx` files of this package. */
export const releasedModelsUrl = new URL('./', import.meta.url);
/** The name `mien` uses when no model is given. */
export const defaultModelName = 'mien-resnet';
/** The name pages use for cameras and films, where every frame costs. */
export const liveModelName = 'mien-live';
