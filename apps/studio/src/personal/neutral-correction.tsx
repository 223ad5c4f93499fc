/** Five seconds of a resting face, and what the model takes for an expression in it no longer counts. */
import type { Live } from '@mien/web';
import { useEffect, useRef, useState } from 'preact/hooks';
import { strings } from '../strings.ts';
import '../styles/personal.css';

const words = strings.personal.neutral;
const seconds = 5;
/** A class is named as lowered from this many logits on. */
const noticeable = 0.1;

type NeutralState =
  | { readonly kind: 'none' }
  | { readonly kind: 'looking'; readonly done: number }
  | { readonly kind: 'corrected'; readonly lowered: readonly string[] }
  | { readonly kind: 'failed'; readonly message: string };

export interface NeutralCorrectionProps {
  readonly live: Live;
  readonly labels: readonly string[];
}

export function NeutralCorrection({ live, labels }: NeutralCorrectionProps) {
  const [state, setState] = useState<NeutralState>({ kind: 'none' });
  const button = useRef<HTMLButtonElement>(null);
  const looking = state.kind === 'looking';
  // A correction belongs to one watch; what an earlier one says later is not for this.
  const current = useRef(live);
  current.current = live;
  useEffect(() => setState({ kind: 'none' }), [live]);
  const set = (next: NeutralState): void => {
    if (current.current === live) setState(next);
  };
  const correct = async (): Promise<void> => {
    set({ kind: 'looking', done: 0 });
    try {
      const { offset } = await live.correctNeutral({ seconds, onProgress: (done) => set({ kind: 'looking', done }) });
      const lowered = labels.filter((_label, k) => (offset[k] ?? 0) > noticeable);
      set({ kind: 'corrected', lowered: lowered.map((label) => strings.expressions[label] ?? label) });
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      set({ kind: 'failed', message: (strings.personal.problems as Readonly<Record<string, string>>)[code ?? ''] ?? message });
    }
  };
  const forget = async (): Promise<void> => {
    // The button that was pressed goes away with the correction.
    button.current?.focus();
    await live.forgetNeutral().catch(() => {});
    set({ kind: 'none' });
  };
  return (
    <section class="neutral" aria-label={words.title}>
      <div class="neutral-actions">
        {/* It stays while the face is looked at, and is not `disabled` then: it would lose the focus. */}
        <button ref={button} type="button" aria-disabled={looking} onClick={() => !looking && void correct()}>
          {state.kind === 'corrected' ? words.again : words.correct}
        </button>
        {state.kind === 'corrected' && (
          <button type="button" class="quiet" onClick={() => void forget()}>
            {words.forget}
          </button>
        )}
      </div>
      {/* There before it says something, or it would not be heard. */}
      <p role="status">{looking ? words.looking : state.kind === 'corrected' ? words.corrected(state.lowered) : ''}</p>
      {state.kind === 'looking' && <progress aria-label={words.progressLabel} value={state.done} max={seconds} />}
      {state.kind === 'failed' && <p role="alert">{state.message}</p>}
    </section>
  );
}
