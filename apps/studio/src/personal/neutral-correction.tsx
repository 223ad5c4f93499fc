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
    await live.forgetNeutral().catch(() => {});
    set({ kind: 'none' });
  };
  return (
    <section class="neutral" aria-label={words.title}>
      {state.kind === 'looking' ? (
        <>
          <p role="status">{words.looking}</p>
          <progress aria-label={words.progressLabel} value={state.done} max={seconds} />
        </>
      ) : (
        <div class="neutral-actions">
          <button type="button" onClick={() => void correct()}>
            {state.kind === 'corrected' ? words.again : words.correct}
          </button>
          {state.kind === 'corrected' && (
            <button type="button" class="quiet" onClick={() => void forget()}>
              {words.forget}
            </button>
          )}
        </div>
      )}
      {state.kind === 'corrected' && <p role="status">{words.corrected(state.lowered)}</p>}
      {state.kind === 'failed' && <p role="alert">{state.message}</p>}
    </section>
  );
}
