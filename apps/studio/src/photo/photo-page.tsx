/** The page "Photo": pictures in, faces and their expressions out. */
import { useEffect, useState } from 'preact/hooks';
import { modelOf } from '../model/model-loader.ts';
import { ModelStatus } from '../model/model-status.tsx';
import { useStore } from '../store.ts';
import { strings } from '../strings.ts';
import type { StudioContext } from '../studio-context.ts';
import { Announcer } from './announcer.tsx';
import { DropZone } from './drop-zone.tsx';
import type { FaceKey } from './face-key.ts';
import type { Picture } from './picture-queue.ts';
import { PictureCard } from './picture-card.tsx';
import { ResultsTable } from './results-table.tsx';
import '../styles/photo.css';
import '../styles/marked-picture.css';
import '../styles/faces.css';
import '../styles/results.css';

function countFaces(pictures: readonly Picture[]): number {
  return pictures.reduce((sum, { state }) => sum + (state.kind === 'done' ? state.faces.length : 0), 0);
}

function Introduction() {
  return (
    <div class="introduction">
      {strings.promise.details.map(({ title, text }) => (
        <section key={title}>
          <h2>{title}</h2>
          <p>{text}</p>
        </section>
      ))}
    </div>
  );
}

export function PhotoPage({ loader, queue, loadModel }: StudioContext) {
  useEffect(() => {
    if (loader.state.value.kind === 'connecting' || loader.state.value.kind === 'listed') loadModel();
  }, [loader, loadModel]);
  const pictures = useStore(queue.pictures);
  const model = useStore(loader.state);
  const [active, setActive] = useState<FaceKey | null>(null);
  const empty = pictures.length === 0;
  const name = modelOf(model)?.name;
  const outdated = pictures.some(({ state }) => state.kind === 'done' && state.model !== name);
  const broken = model.kind === 'none' || model.kind === 'failed';
  return (
    <div class={empty ? 'photo-page empty' : 'photo-page'}>
      {broken && <ModelStatus loader={loader} loadModel={loadModel} />}
      <DropZone large={empty} disabled={model.kind === 'none'} onFiles={(files) => queue.add(files)} />
      {!broken && <ModelStatus loader={loader} loadModel={loadModel} />}
      {empty ? (
        <Introduction />
      ) : (
        <>
          <div class="list-head">
            <p>{strings.list.summary(pictures.length, countFaces(pictures))}</p>
            <span class="actions">
              {outdated && name !== undefined && model.kind === 'ready' && (
                <button type="button" class="quiet" onClick={() => queue.readAgain(name)}>
                  {strings.list.readAgain(name)}
                </button>
              )}
              <button type="button" class="quiet" onClick={() => queue.clear()}>
                {strings.list.clear}
              </button>
            </span>
          </div>
          {pictures.map((picture) => (
            <PictureCard
              key={picture.id}
              picture={picture}
              modelReady={model.kind === 'ready'}
              model={name}
              active={active?.picture === picture.id ? active.face : null}
              onActivate={(face) => setActive(face === null ? null : { picture: picture.id, face })}
              onRemove={() => queue.remove(picture.id)}
              onReadWhole={() => queue.readWhole(picture.id)}
            />
          ))}
          <ResultsTable pictures={pictures} />
        </>
      )}
      <Announcer pictures={pictures} />
    </div>
  );
}
