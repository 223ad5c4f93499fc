/** The model that was learnt: before and after, what it mixes up, and what can be done with it. */
import type { PersonalResult } from '@mien/web';
import { useRef } from 'preact/hooks';
import { ConfusionMatrix } from '../confusion-matrix.tsx';
import { percent } from '../format.ts';
import { SaveIcon } from '../icons.tsx';
import { ModelCardPanel } from '../model/model-card-panel.tsx';
import { saveFile } from '../save-file.ts';
import { strings } from '../strings.ts';

const words = strings.personal.outcome;

export interface PersonalOutcomeProps {
  readonly result: PersonalResult;
  readonly trying: boolean;
  /** Something is being recorded or learnt, with the model as it is. */
  readonly busy: boolean;
  readonly onTry: (on: boolean) => void;
  /** The studio reads with it already. */
  readonly inUse: boolean;
  readonly onUse: () => void;
}

function Share({ title, value }: { readonly title: string; readonly value: number }) {
  return (
    <div class="share">
      <dt>{title}</dt>
      <dd>
        {Number.isNaN(value) ? words.notKnown : percent(value)}
        {!Number.isNaN(value) && (
          <span class="track" aria-hidden="true">
            <span style={{ width: `${value * 100}%` }} />
          </span>
        )}
      </dd>
    </div>
  );
}

export function PersonalOutcome({ result, trying, busy, onTry, inUse, onUse }: PersonalOutcomeProps) {
  const { card, model, before, after, heldOut, trainedOn, confusion } = result;
  const panel = useRef<HTMLDialogElement>(null);
  const recorded = card.labels.map((_label, k) => k).filter((k) => confusion.some((row, of) => (of === k ? row.some((n) => n > 0) : row[k]! > 0)));
  return (
    <div class="outcome">
      <dl class="shares">
        <Share title={words.before} value={before} />
        <Share title={words.after} value={after} />
      </dl>
      <p class="live-rate">{words.heldBack(heldOut, trainedOn)}</p>
      {after < before && <p>{words.worse}</p>}
      <ConfusionMatrix
        title={words.confusion}
        labels={recorded.map((k) => card.labels[k]!)}
        counts={recorded.map((of) => recorded.map((named) => confusion[of]![named]!))}
      />
      <div class="outcome-actions">
        <button type="button" class={trying ? '' : 'primary'} aria-pressed={trying} disabled={busy} onClick={() => onTry(!trying)}>
          {trying ? words.back : words.try}
        </button>
        <button type="button" onClick={() => saveFile(new Blob([model as BlobPart]), 'application/octet-stream', `${card.name}.onnx`)}>
          <SaveIcon />
          {words.save}
        </button>
        <button type="button" disabled={inUse} onClick={onUse}>
          {inUse ? words.inUse : words.use}
        </button>
        <button type="button" class="quiet" aria-haspopup="dialog" onClick={() => panel.current?.showModal()}>
          {strings.model.card}
        </button>
      </div>
      <p class="live-rate">{words.saved}</p>
      <ModelCardPanel panel={panel} card={card} />
    </div>
  );
}
