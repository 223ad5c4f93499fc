/** One face: its portrait, its expression, and a bar for every label. */
import type { RecognisedFace } from '../recognition/messages.ts';
import { percent } from '../format.ts';
import { strings } from '../strings.ts';
import { expressionClass, placeOf } from './expression-class.ts';
import { expressionWords } from './expression-words.ts';
import type { ShownPicture } from './marked-picture.tsx';

export interface FaceCardProps {
  readonly id: string;
  readonly face: RecognisedFace;
  /** From 1. */
  readonly index: number;
  readonly shown: ShownPicture;
  readonly active: boolean;
  readonly onActivate: (active: boolean) => void;
}

/** Side of the portrait's square in units of the box's longer side: a little air around the face. */
const portraitMargin = 1.15;

function Portrait({ face: { box }, shown }: Pick<FaceCardProps, 'face' | 'shown'>) {
  const side = Math.min(portraitMargin * Math.max(box.width, box.height), shown.width, shown.height);
  const centre = (from: number, length: number, whole: number): number => Math.max(0, Math.min(from + length / 2 - side / 2, whole - side));
  const left = centre(box.x, box.width, shown.width);
  const top = centre(box.y, box.height, shown.height);
  const inSides = (lengthPx: number): string => `${(lengthPx / side) * 100}%`;
  return (
    <span class="portrait">
      <img src={shown.url} alt="" style={{ width: inSides(shown.width), height: inSides(shown.height), left: inSides(-left), top: inSides(-top) }} />
    </span>
  );
}

function Bars({ face: { expression, probabilities } }: Pick<FaceCardProps, 'face'>) {
  return (
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
  );
}

export function FaceCard({ id, face, index, shown, active, onActivate }: FaceCardProps) {
  return (
    <li
      id={id}
      class={`face ${expressionClass(face.expression, placeOf(face))}${active ? ' active' : ''}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: focus shows which box of the picture is this face.
      tabIndex={0}
      onFocus={() => onActivate(true)}
      onBlur={() => onActivate(false)}
      onPointerEnter={() => onActivate(true)}
      onPointerLeave={() => onActivate(false)}
    >
      <h3>
        <Portrait face={face} shown={shown} />
        <span>
          <small>{strings.picture.face(index)}</small>
          {expressionWords(face)}
        </span>
      </h3>
      <Bars face={face} />
    </li>
  );
}
