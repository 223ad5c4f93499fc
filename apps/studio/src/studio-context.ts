/** What every page of the studio gets. */
import type { ModelLoader } from './model/model-loader.ts';
import type { PictureQueue } from './photo/picture-queue.ts';

export interface StudioContext {
  readonly loader: ModelLoader;
  readonly queue: PictureQueue;
  /** Loads the model in use, or the named one, for reading pictures; again after a failure. */
  readonly loadModel: (name?: string) => void;
}
