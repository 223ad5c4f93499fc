/** Where pictures come in: dropped anywhere on the page, chosen, or pasted. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { strings } from '../strings.ts';

export interface DropZoneProps {
  /** The whole stage while there is no picture; a single button afterwards. */
  readonly large: boolean;
  readonly disabled: boolean;
  readonly onFiles: (files: readonly File[]) => void;
}

function filesOf(transfer: DataTransfer | null): File[] {
  return Array.from(transfer?.files ?? []);
}

/** Follows drags over the whole window. Returns whether files hover over it. */
function useWindowDrop(disabled: boolean, onFiles: DropZoneProps['onFiles']): boolean {
  const [hovering, setHovering] = useState(false);
  useEffect(() => {
    // Every element entered counts up and every one left counts down; at 0 the drag has left the window.
    let depth = 0;
    const follow = (event: DragEvent): void => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = disabled ? 'none' : 'copy';
      if (event.type === 'dragenter') depth++;
      if (event.type === 'dragleave') depth--;
      if (event.type === 'drop') depth = 0;
      setHovering(depth > 0 && !disabled);
      if (event.type === 'drop' && !disabled) onFiles(filesOf(event.dataTransfer));
    };
    const paste = (event: ClipboardEvent): void => {
      const files = filesOf(event.clipboardData);
      if (files.length > 0 && !disabled) onFiles(files);
    };
    const drags = ['dragenter', 'dragover', 'dragleave', 'drop'] as const;
    for (const type of drags) addEventListener(type, follow);
    addEventListener('paste', paste);
    return () => {
      for (const type of drags) removeEventListener(type, follow);
      removeEventListener('paste', paste);
    };
  }, [disabled, onFiles]);
  return hovering;
}

export function DropZone({ large, disabled, onFiles }: DropZoneProps) {
  const input = useRef<HTMLInputElement>(null);
  const latest = useRef(onFiles);
  latest.current = onFiles;
  const [stable] = useState(() => (files: readonly File[]) => latest.current(files));
  const hovering = useWindowDrop(disabled, stable);
  const take = (): void => {
    const { files } = input.current!;
    stable(Array.from(files ?? []));
    // So that choosing the same file again is a change again.
    input.current!.value = '';
  };
  const words = strings.drop;
  return (
    <div class={`drop-zone${large ? ' large' : ''}${hovering ? ' hovering' : ''}${disabled ? ' disabled' : ''}`}>
      {large && (
        <>
          <h1>{hovering ? words.release : words.title}</h1>
          <p class="lead">{words.lead}</p>
        </>
      )}
      <button type="button" class="primary" disabled={disabled} onClick={() => input.current?.click()}>
        {large ? words.choose : words.add}
      </button>
      <p class="hint">
        {large ? words.or : words.anywhere}
        {large && <span>{words.types}</span>}
      </p>
      <input ref={input} type="file" accept="image/*" multiple hidden onChange={take} />
      {hovering && !large && (
        <div class="drop-veil" aria-hidden="true">
          <p>{words.release}</p>
        </div>
      )}
    </div>
  );
}
