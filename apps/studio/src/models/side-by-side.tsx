/** Two models on the same pictures, beside each other. */
import { useEffect, useState } from 'preact/hooks';
import type { Catalogue } from '../model/model-loader.ts';
import { DropZone } from '../photo/drop-zone.tsx';
import { PictureCard } from '../photo/picture-card.tsx';
import { useStore } from '../store.ts';
import { strings } from '../strings.ts';
import { ModelReader } from './model-reader.ts';
import '../styles/photo.css';
import '../styles/marked-picture.css';
import '../styles/faces.css';

const words = strings.models;

interface ColumnProps {
  readonly reader: ModelReader;
}

function Column({ reader }: ColumnProps) {
  const pictures = useStore(reader.queue.pictures);
  const state = useStore(reader.state);
  const [active, setActive] = useState<{ readonly picture: number; readonly face: number | null }>();
  return (
    <section class="compared" aria-label={reader.name}>
      <h3>{reader.name}</h3>
      {state.kind === 'failed' && <p role="alert">{state.message}</p>}
      {pictures.map((picture) => (
        <PictureCard
          key={picture.id}
          picture={picture}
          modelReady={state.kind === 'ready'}
          active={active?.picture === picture.id ? active.face : null}
          onActivate={(face) => setActive({ picture: picture.id, face })}
          onRemove={() => reader.queue.remove(picture.id)}
          onReadWhole={() => reader.queue.readWhole(picture.id)}
        />
      ))}
    </section>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly names: readonly string[];
  readonly onChange: (name: string) => void;
}

function Choice({ label, value, names, onChange }: ChoiceProps) {
  return (
    <label class="choice">
      {label}
      <select value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Comparison({ catalogue }: { readonly catalogue: Catalogue }) {
  const names = catalogue.models.map(({ name }) => name);
  const [chosen, setChosen] = useState<readonly [string, string]>([names[0]!, names[1]!]);
  const [files, setFiles] = useState<readonly File[]>([]);
  const [readers, setReaders] = useState<readonly ModelReader[]>([]);
  // Started with the first picture: a worker and a model a column are not for looking at cards.
  useEffect(() => {
    if (files.length === 0) return;
    const started = chosen.map((name) => new ModelReader(catalogue, name));
    for (const reader of started) reader.queue.add(files);
    setReaders(started);
    return () => {
      for (const reader of started) reader.close();
    };
  }, [catalogue, chosen, files]);
  return (
    <>
      <div class="choices">
        <Choice label={words.left} value={chosen[0]} names={names} onChange={(name) => setChosen([name, chosen[1]])} />
        <Choice label={words.right} value={chosen[1]} names={names} onChange={(name) => setChosen([chosen[0], name])} />
      </div>
      <DropZone large={false} disabled={false} onFiles={setFiles} />
      {files.length > 0 && (
        <div class="columns">
          {readers.map((reader, column) => (
            <Column key={`${column} ${reader.name}`} reader={reader} />
          ))}
        </div>
      )}
    </>
  );
}

export function SideBySide({ catalogue }: { readonly catalogue: Catalogue }) {
  return (
    <section class="side-by-side" aria-labelledby="side-by-side-title">
      <h2 id="side-by-side-title">{words.compare}</h2>
      {catalogue.models.length < 2 ? <p>{words.onlyOne}</p> : <Comparison catalogue={catalogue} />}
    </section>
  );
}
