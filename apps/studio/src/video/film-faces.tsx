/** The faces of the frame on show, with their bars. */
import { FacePanel } from '../live/face-panel.tsx';
import type { Look } from '../live/look.ts';
import type { Store } from '../store.ts';
import { strings } from '../strings.ts';
import { useCalmStore } from './use-calm-store.ts';

export interface FilmFacesProps {
  readonly shown: Store<Look | undefined>;
  /** Id of the face in the timeline. */
  readonly followed: number | undefined;
  readonly onFollow: (id: number) => void;
}

export function FilmFaces({ shown, followed, onFollow }: FilmFacesProps) {
  const look = useCalmStore(shown);
  return (
    <ol class="live-faces" aria-label={strings.live.faces}>
      {look?.faces.map((face) => (
        <FacePanel key={face.id} face={face} chosen={face.id === followed} onChoose={() => onFollow(face.id)} />
      ))}
    </ol>
  );
}
