/** A picture with a numbered box on every face. */
import type { Box } from '@mien/runtime';
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RecognisedFace } from '../recognition/messages.ts';
import { strings } from '../strings.ts';
import { expressionClass, placeOf } from './expression-class.ts';
import { expressionWords, faceWithNumber } from './expression-words.ts';
import { faceCardId } from './face-key.ts';
import type { Picture } from './picture-queue.ts';
import { placeLabels } from './place-labels.ts';

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

/** The part of a face's box inside the picture, in fractions of it: what reaches over the edge would hang in the page. */
function visiblePart({ box }: RecognisedFace, { width, height }: ShownPicture): Box {
  const x = Math.max(0, box.x / width);
  const y = Math.max(0, box.y / height);
  return { x, y, width: Math.min(1, (box.x + box.width) / width) - x, height: Math.min(1, (box.y + box.height) / height) - y };
}

/** Width of an element in CSS pixels; 0 until it is laid out. */
function useWidthPx(element: RefObject<HTMLElement | null>): number {
  const [widthPx, setWidthPx] = useState(0);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidthPx(entry!.contentRect.width));
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, [element]);
  return widthPx;
}

function goToCard(picture: number, face: number): void {
  const card = document.getElementById(faceCardId({ picture, face }));
  card?.focus({ preventScroll: true });
  card?.scrollIntoView({ block: 'nearest', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'instant' : 'smooth' });
}

export function MarkedPicture({ id, name, shown, faces, searching, active, onActivate }: MarkedPictureProps) {
  const canvas = useRef<HTMLDivElement>(null);
  const widthPx = useWidthPx(canvas);
  const heightPx = (widthPx * shown.height) / shown.width;
  const parts = faces.map((face) => visiblePart(face, shown));
  const names = faces.map(expressionWords);
  const labels = placeLabels(
    parts.map(({ x, y, width, height }, i) => ({
      box: { x: x * widthPx, y: y * heightPx, width: width * widthPx, height: height * heightPx },
      number: i + 1,
      name: names[i]!,
    })),
    widthPx,
    heightPx,
  );
  return (
    <div class="marked-picture">
      <div
        ref={canvas}
        class={`canvas${searching ? ' searching' : ''}${active !== null ? ' has-active' : ''}`}
        style={{ '--aspect': shown.width / shown.height }}
      >
        <img src={shown.url} alt={strings.picture.alt(name, faces.length)} />
        {faces.map((face, i) => {
          const { x, y, width, height } = parts[i]!;
          const { place, named } = labels[i]!;
          return (
            <button
              key={i}
              type="button"
              class={`box ${expressionClass(face.expression, placeOf(face))}${active === i ? ' active' : ''}`}
              style={{ left: `${x * 100}%`, top: `${y * 100}%`, width: `${width * 100}%`, height: `${height * 100}%` }}
              aria-label={faceWithNumber(face, i + 1)}
              onClick={() => goToCard(id, i)}
              onFocus={() => onActivate(i)}
              onBlur={() => onActivate(null)}
              onPointerEnter={() => onActivate(i)}
              onPointerLeave={() => onActivate(null)}
            >
              <span class={`label ${place}${named ? '' : ' unnamed'}`}>
                <b>{i + 1}</b>
                <span>{names[i]}</span>
              </span>
            </button>
          );
        })}
      </div>
    </div>
  );
}
