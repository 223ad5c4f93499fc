/** Two models on the same pictures, beside each other. */
import { useEffect, useState } from 'preact/hooks';
import type { Catalogue } from '../model/model-loader.ts';
import { DropZone } from '../photo/drop-zone.tsx';
import { PictureCard } from '../photo/picture-card.tsx';
import { useStore } from '../store.ts';
import { strings } from '../strings.ts';
import { Comparison } from './comparison.ts';
import type { ModelReader } from './model-reader.ts';
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
          model={reader.name}
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

function Columns({ catalogue }: { readonly catalogue: Catalogue }) {
  const names = catalogue.models.map(({ name }) => name);
  const [comparison] = useState(() => new Comparison(catalogue, [names[0]!, names[1]!]));
  useEffect(() => () => comparison.close(), [comparison]);
  const [left, right] = useStore(comparison.chosen);
  const readers = useStore(comparison.readers);
  return (
    <>
      <div class="choices">
        <Choice label={words.left} value={left} names={names} onChange={(name) => comparison.choose(0, name)} />
        <Choice label={words.right} value={right} names={names} onChange={(name) => comparison.choose(1, name)} />
      </div>
      <DropZone large={false} disabled={false} onFiles={(files) => comparison.add(files)} />
      {readers.length > 0 && (
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
      {catalogue.models.length < 2 ? <p>{words.onlyOne}</p> : <Columns catalogue={catalogue} />}
    </section>
  );
}
