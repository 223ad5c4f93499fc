/** The camera and the model are on their way. */
import { strings } from '../strings.ts';

const words = strings.live;

export function CameraStarting({ onCancel }: { readonly onCancel: () => void }) {
  return (
    <div class="model-status" tabIndex={-1} role="status">
      <progress aria-label={words.starting} />
      <p>{words.starting}</p>
      <button type="button" onClick={onCancel}>
        {words.cancel}
      </button>
    </div>
  );
}
