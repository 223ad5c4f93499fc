/** Tells screen readers when faces come, go, or have shown something new for a while; never more often than they can say it. */
import type { MienFace } from '@mien/web';
import { useEffect, useRef, useState } from 'preact/hooks';
import { strings } from '../strings.ts';

const quietMs = 4000;

export function FaceAnnouncer({ faces }: { readonly faces: readonly MienFace[] }) {
  const now = useRef('');
  const [said, setSaid] = useState('');
  now.current =
    faces.length === 0
      ? strings.live.noFace
      : faces.map(({ id, expression, unsure }) => strings.live.announced(id, strings.expressions[expression] ?? expression, unsure)).join('; ');
  useEffect(() => {
    const timer = setInterval(() => setSaid(now.current), quietMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <p class="heard-only" role="status">
      {said}
    </p>
  );
}
