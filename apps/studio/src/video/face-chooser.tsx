/** Which face the timeline shows, of all that were followed in a film. */
import { strings } from '../strings.ts';

/** More than this would fill the page with buttons. */
const mostButtons = 12;

export interface FaceChooserProps {
  /** Ids. */
  readonly faces: readonly number[];
  readonly followed: number | undefined;
  readonly onFollow: (id: number) => void;
}

export function FaceChooser({ faces, followed, onFollow }: FaceChooserProps) {
  if (faces.length > mostButtons) {
    return (
      <div class="choices">
        <select aria-label={strings.live.follow} value={followed} onChange={({ currentTarget: { value } }) => onFollow(Number(value))}>
          {faces.map((id) => (
            <option key={id} value={id}>
              {strings.picture.face(id)}
            </option>
          ))}
        </select>
      </div>
    );
  }
  return (
    <fieldset class="choices" aria-label={strings.live.follow}>
      {faces.map((id) => (
        <button key={id} type="button" aria-pressed={id === followed} onClick={() => onFollow(id)}>
          {strings.picture.face(id)}
        </button>
      ))}
    </fieldset>
  );
}
