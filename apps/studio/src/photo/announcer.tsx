/** Tells screen readers what a picture gave, once. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { strings } from '../strings.ts';
import { faceWithNumber } from './expression-words.ts';
import type { Picture } from './picture-queue.ts';

function sentence({ name, state }: Picture): string {
  if (state.kind === 'failed') return strings.picture.failedAnnounced(name, state.message);
  if (state.kind !== 'done') return '';
  return strings.picture.announced(
    name,
    state.faces.map((face, i) => faceWithNumber(face, i + 1)),
  );
}

export function Announcer({ pictures }: { readonly pictures: readonly Picture[] }) {
  const told = useRef(new Set<Picture['state']>());
  const [text, setText] = useState('');
  useEffect(() => {
    const news = pictures.filter(({ state }) => (state.kind === 'done' || state.kind === 'failed') && !told.current.has(state));
    if (news.length === 0) return;
    told.current = new Set(pictures.map(({ state }) => state));
    setText(news.map(sentence).join('. '));
  }, [pictures]);
  return (
    <p class="heard-only" role="status">
      {text}
    </p>
  );
}
