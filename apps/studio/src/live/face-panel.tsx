/** A face in view: its number, its expression, and a bar for every label. */
import type { MienFace } from '@mien/web';
import { percent } from '../format.ts';
import { expressionClass, placeOf } from '../photo/expression-class.ts';
import { strings } from '../strings.ts';
import { faceWords } from './draw-look.ts';

export interface FacePanelProps {
  readonly face: MienFace;
  /** The timeline shows this face. */
  readonly chosen?: boolean;
  /** Undefined: there is no timeline. */
  readonly onChoose?: () => void;
}

export function FacePanel({ face, chosen = false, onChoose }: FacePanelProps) {
  const { id, expression, probabilities, unseenSeconds } = face;
  const heading = (
    <>
      <span class={`swatch ${expressionClass(expression, placeOf(face))}`} aria-hidden="true" />
      <span>
        <small>{strings.picture.face(id)}</small> {faceWords(face)}
      </span>
    </>
  );
  return (
    <li class={`live-face${unseenSeconds > 0 ? ' unseen' : ''}`}>
      {onChoose ? (
        <button type="button" class="quiet" aria-pressed={chosen} title={strings.live.follow} onClick={onChoose}>
          {heading}
        </button>
      ) : (
        <p class="face-heading">{heading}</p>
      )}
      <ul class="bars">
        {Object.entries(probabilities).map(([label, p], place) => (
          <li key={label} class={`bar ${expressionClass(label, place)}${label === expression ? ' leading' : ''}`}>
            <span class="name">{strings.expressions[label] ?? label}</span>
            <span class="track" aria-hidden="true">
              <span style={{ width: `${p * 100}%` }} />
            </span>
            <span class="value">{percent(p)}</span>
          </li>
        ))}
      </ul>
    </li>
  );
}
