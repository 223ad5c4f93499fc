/** The page "Video": a film in, its faces over time out. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { LiveFailure } from '../live/live-failure.tsx';
import { useStore } from '../store.ts';
import { strings } from '../strings.ts';
import type { StudioContext } from '../studio-context.ts';
import { FilmSession } from './film-session.ts';
import { FilmView } from './film-view.tsx';
import '../styles/photo.css';
import '../styles/faces.css';
import '../styles/live.css';

const words = strings.video;

interface ChooserProps {
  readonly large: boolean;
  readonly onFile: (file: File) => void;
}

function FilmChooser({ large, onFile }: ChooserProps) {
  const input = useRef<HTMLInputElement>(null);
  const [hovering, setHovering] = useState(false);
  const latest = useRef(onFile);
  latest.current = onFile;
  useEffect(() => {
    const over = (event: DragEvent): void => {
      event.preventDefault();
      setHovering(true);
    };
    const out = (): void => setHovering(false);
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      setHovering(false);
      const file = event.dataTransfer?.files[0];
      if (file) latest.current(file);
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', out);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', out);
      removeEventListener('drop', drop);
    };
  }, []);
  const take = (): void => {
    const [file] = input.current!.files ?? [];
    if (file) latest.current(file);
    // So that choosing the same file again is a change again.
    input.current!.value = '';
  };
  return (
    <div class={`drop-zone${large ? ' large' : ''}${hovering ? ' hovering' : ''}`}>
      {large && (
        <>
          <h1>{hovering ? strings.drop.release : words.title}</h1>
          <p class="lead">{words.lead}</p>
        </>
      )}
      <button type="button" class="primary" onClick={() => input.current?.click()}>
        {large ? words.choose : words.another}
      </button>
      {large && (
        <p class="hint">
          <span>{words.types}</span>
        </p>
      )}
      <input ref={input} type="file" accept="video/*" hidden onChange={take} />
    </div>
  );
}

export function VideoPage({ loader }: StudioContext) {
  const [session] = useState(() => new FilmSession(loader));
  const [file, setFile] = useState<File>();
  const state = useStore(session.state);
  useEffect(() => () => session.close(), [session]);
  const read = (chosen: File): void => {
    setFile(chosen);
    void session.read(chosen);
  };
  return (
    <div class="photo-page">
      <FilmChooser large={state.kind === 'empty'} onFile={read} />
      {state.kind === 'opening' && (
        <div class="model-status" role="status">
          <progress aria-label={words.opening} />
          <p>{words.opening}</p>
        </div>
      )}
      {state.kind === 'failed' && <LiveFailure code={state.code} message={state.message} onRetry={() => file && read(file)} />}
      {(state.kind === 'reading' || state.kind === 'done') && file && <FilmView name={file.name} state={state} session={session} />}
    </div>
  );
}
