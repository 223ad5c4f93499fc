/** A picture with a numbered box on every face. */
import type { RecognisedFace } from '../recognition/messages.ts';
import { strings } from '../strings.ts';
import { expressionClass } from './expression-class.ts';
import { faceCardId } from './face-key.ts';
import type { Picture } from './picture-queue.ts';

export type ShownPicture = NonNullable<Picture['shown']>;

export interface MarkedPictureProps {
  readonly id: number;
  readonly name: string;
  readonly shown: ShownPicture;
  readonly faces: readonly RecognisedFace[];
  /** Faces are being looked for. */
  readonly searching: boolean;
  readonly active: number | null;
  readonly onActivate: (face: number | null) => void;
}

/** Nearer to the picture's edge than this fraction, a label goes to the other side of its box. */
const edge = { top: 0.07, right: 0.72 };

/** The part of the box inside the picture: a box that reaches over the edge would hang in the page. */
function placed({ box }: RecognisedFace, { width, height }: ShownPicture) {
  const left = Math.max(0, box.x / width);
  const top = Math.max(0, box.y / height);
  const right = Math.min(1, (box.x + box.width) / width);
  const bottom = Math.min(1, (box.y + box.height) / height);
  const style = { left: `${left * 100}%`, top: `${top * 100}%`, width: `${(right - left) * 100}%`, height: `${(bottom - top) * 100}%` };
  return { style, place: `${top < edge.top ? ' label-inside' : ''}${left > edge.right ? ' label-right' : ''}` };
}

function goToCard(picture: number, face: number): void {
  const card = document.getElementById(faceCardId({ picture, face }));
  card?.focus({ preventScroll: true });
  card?.scrollIntoView({ block: 'nearest', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'instant' : 'smooth' });
}

export function MarkedPicture({ id, name, shown, faces, searching, active, onActivate }: MarkedPictureProps) {
  return (
    <div class="marked-picture">
      <div class={`canvas${searching ? ' searching' : ''}${active !== null ? ' has-active' : ''}`} style={{ '--aspect': shown.width / shown.height }}>
        <img src={shown.url} alt={strings.picture.alt(name, faces.length)} decoding="async" />
        {faces.map((face, i) => {
          const { style, place } = placed(face, shown);
          const label = strings.expressions[face.expression] ?? face.expression;
          return (
            <button
              // biome-ignore lint/suspicious/noArrayIndexKey: a face is its place in the result.
              key={i}
              type="button"
              class={`box ${expressionClass(face.expression)}${place}${active === i ? ' active' : ''}`}
              style={style}
              aria-label={strings.picture.box(i + 1, label, face.probabilities[face.expression] ?? 0)}
              onClick={() => goToCard(id, i)}
              onFocus={() => onActivate(i)}
              onBlur={() => onActivate(null)}
              onPointerEnter={() => onActivate(i)}
              onPointerLeave={() => onActivate(null)}
            >
              <span class="label">
                <b>{i + 1}</b>
                <span>{label}</span>
              </span>
            </button>
          );
        })}
      </div>
    </div>
  );
}
