/** One picture with its faces, or with what became of it. */
import { CrossIcon, WarningIcon } from '../icons.tsx';
import { strings } from '../strings.ts';
import { FaceCard } from './face-card.tsx';
import { faceCardId } from './face-key.ts';
import { MarkedPicture } from './marked-picture.tsx';
import type { Picture } from './picture-queue.ts';

const words = strings.picture;
/** More faces than this scroll beside their picture. */
const crowd = 8;

export interface PictureCardProps {
  readonly picture: Picture;
  readonly modelReady: boolean;
  /** Name of the model in use; what another has read is said to be. */
  readonly model: string | undefined;
  /** The face that is pointed at, from 0. */
  readonly active: number | null;
  readonly onActivate: (face: number | null) => void;
  readonly onRemove: () => void;
  readonly onReadWhole: () => void;
}

function facts({ shown, state, wholeImage }: Picture, model: string | undefined): string {
  const parts = shown ? [words.size(shown.width, shown.height)] : [];
  if (state.kind === 'done') parts.push(wholeImage ? words.wholeImage : words.faces(state.faces.length));
  if (state.kind === 'done' && state.model !== model) parts.push(words.readBy(state.model));
  return parts.join(' · ');
}

function Working({ picture, modelReady }: Pick<PictureCardProps, 'picture' | 'modelReady'>) {
  const { kind } = picture.state;
  const text = kind === 'finding' ? words.finding : kind === 'reading' ? words.reading : modelReady ? words.waiting : words.waitingForModel;
  return (
    <div class={kind === 'waiting' ? 'working idle' : 'working'}>
      <p>{text}</p>
      <progress aria-label={text} />
    </div>
  );
}

function Failure({ message }: { readonly message: string }) {
  return (
    <div class="failure">
      <WarningIcon />
      <p>{message}</p>
    </div>
  );
}

function NoFace({ onReadWhole }: Pick<PictureCardProps, 'onReadWhole'>) {
  return (
    <div class="no-face">
      <h3>{words.noFace}</h3>
      <p>{words.noFaceHelp}</p>
      <button type="button" onClick={onReadWhole}>
        {words.readWhole}
      </button>
    </div>
  );
}

function Faces({ picture, active, onActivate }: Pick<PictureCardProps, 'picture' | 'active' | 'onActivate'>) {
  const { id, name, shown, state } = picture;
  if (state.kind !== 'done' || !shown) return null;
  return (
    <ol class={state.faces.length > crowd ? 'faces crowd' : 'faces'} aria-label={words.facesLabel(name)}>
      {state.faces.map((face, i) => (
        <FaceCard
          key={i}
          id={faceCardId({ picture: id, face: i })}
          face={face}
          index={i + 1}
          shown={shown}
          active={active === i}
          onActivate={(on) => onActivate(on ? i : null)}
        />
      ))}
    </ol>
  );
}

export function PictureCard(props: PictureCardProps) {
  const { picture, modelReady, model, active, onActivate, onRemove, onReadWhole } = props;
  const { name, shown, state } = picture;
  const working = state.kind !== 'done' && state.kind !== 'failed';
  const faces = state.kind === 'done' ? state.faces : [];
  return (
    <article class="picture" data-state={state.kind} aria-busy={working}>
      <header>
        <h2 title={name}>{name}</h2>
        <p>{facts(picture, model)}</p>
        <button type="button" class="icon" aria-label={words.remove(name)} onClick={onRemove}>
          <CrossIcon />
        </button>
      </header>
      <div class={shown && state.kind !== 'failed' ? 'body' : 'body bare'}>
        {shown && state.kind !== 'failed' && (
          <MarkedPicture id={picture.id} name={name} shown={shown} faces={faces} searching={state.kind === 'finding'} active={active} onActivate={onActivate} />
        )}
        {working && <Working picture={picture} modelReady={modelReady} />}
        {state.kind === 'failed' && <Failure message={state.code === 'internal' ? strings.errors.internal(state.message) : state.message} />}
        {state.kind === 'done' &&
          (faces.length === 0 ? <NoFace onReadWhole={onReadWhole} /> : <Faces picture={picture} active={active} onActivate={onActivate} />)}
      </div>
    </article>
  );
}
