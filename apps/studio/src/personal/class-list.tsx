/** What is recorded: the model's expressions, or classes of one's own. */
import { useRef, useState } from 'preact/hooks';
import { expressionClass } from '../photo/expression-class.ts';
import { strings } from '../strings.ts';
import type { PersonalClass, PersonalWork } from './personal-session.ts';

const words = strings.personal.classes;

const nameOf = (label: string): string => strings.expressions[label] ?? label;

interface ClassRowProps {
  readonly of: PersonalClass;
  readonly place: number;
  readonly work: PersonalWork;
  readonly disabled: boolean;
  readonly onRecord: () => void;
  readonly onRemove: () => void;
}

function ClassRow({ of: { label, frames }, place, work, disabled, onRecord, onRemove }: ClassRowProps) {
  const name = nameOf(label);
  const own = 'label' in work && work.label === label ? work : undefined;
  return (
    <li class={`class-row ${expressionClass(label, place)}`}>
      <span class="swatch" aria-hidden="true" />
      <span class="class-name">
        {name}
        <small role="status">
          {own ? (own.kind === 'ready' ? words.ready(name, Math.ceil(own.total - own.done)) : words.showing(name)) : words.frames(frames)}
        </small>
      </span>
      <span class="class-actions">
        {own && <progress aria-label={words.progressLabel(name)} value={own.kind === 'ready' ? 0 : own.done} max={own.total} />}
        {/* It stays while its recording runs, and is not `disabled` then: it would lose the focus. */}
        <button
          type="button"
          disabled={disabled && !own}
          aria-disabled={own !== undefined}
          aria-label={frames === 0 ? words.recordNamed(name) : words.moreNamed(name)}
          onClick={() => !own && onRecord()}
        >
          {frames === 0 ? words.record : words.more}
        </button>
        {!own && (
          <button type="button" class="quiet" disabled={disabled} aria-label={words.removeNamed(name)} onClick={onRemove}>
            {words.remove}
          </button>
        )}
      </span>
    </li>
  );
}

export interface ClassListProps {
  readonly classes: readonly PersonalClass[];
  /** Labels of the model in use. */
  readonly labels: readonly string[];
  readonly work: PersonalWork;
  /** Nothing can be recorded now. */
  readonly disabled: boolean;
  readonly onAdd: (label: string) => void;
  readonly onRemove: (label: string) => void;
  readonly onRecord: (label: string) => void;
}

export function ClassList({ classes, labels, work, disabled, onAdd, onRemove, onRecord }: ClassListProps) {
  const input = useRef<HTMLInputElement>(null);
  const [name, setName] = useState('');
  const busy = disabled || work.kind !== 'idle';
  const offered = labels.filter((label) => !classes.some((each) => each.label === label));
  const add = (event: Event): void => {
    event.preventDefault();
    const typed = name.trim();
    // The name of one of the model's own expressions stands for that expression.
    const label = labels.find((each) => nameOf(each).toLowerCase() === typed.toLowerCase()) ?? typed;
    if (label) onAdd(label);
    setName('');
    input.current?.focus();
  };
  return (
    <>
      {classes.length > 0 && (
        <ol class="class-rows" aria-label={words.listLabel}>
          {classes.map((each, place) => (
            <ClassRow
              key={each.label}
              of={each}
              place={place}
              work={work}
              disabled={busy}
              onRecord={() => onRecord(each.label)}
              onRemove={() => onRemove(each.label)}
            />
          ))}
        </ol>
      )}
      {offered.length > 0 && (
        <fieldset class="class-offers">
          <legend>{words.offers}</legend>
          {offered.map((label) => (
            <button key={label} type="button" disabled={busy} onClick={() => onAdd(label)}>
              <span aria-hidden="true">+</span> {nameOf(label)}
            </button>
          ))}
        </fieldset>
      )}
      <form class="class-own" onSubmit={add}>
        <label>
          {words.own}
          <input ref={input} value={name} maxLength={40} placeholder={words.ownExample} onInput={({ currentTarget }) => setName(currentTarget.value)} />
        </label>
        <button type="submit" disabled={busy || name.trim() === ''}>
          {words.add}
        </button>
      </form>
    </>
  );
}
