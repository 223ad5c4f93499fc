/** Why the camera or the model does not go on, and what to do about it. */
import { WarningIcon } from '../icons.tsx';
import { strings } from '../strings.ts';

const words = strings.live.failures;

export interface LiveFailureProps {
  readonly code: string;
  readonly message: string;
  readonly onRetry: () => void;
}

export function LiveFailure({ code, message, onRetry }: LiveFailureProps) {
  const known = (words.codes as Readonly<Record<string, { title: string; way: string }>>)[code];
  const { title, way } = known ?? { title: words.other, way: message };
  return (
    <section class="notice" tabIndex={-1} role="alert">
      <WarningIcon />
      <div>
        <h2>{title}</h2>
        <p>{way}</p>
        <button type="button" onClick={onRetry}>
          {strings.model.retry}
        </button>
        <a href="#photo">{words.photo}</a>
      </div>
    </section>
  );
}
