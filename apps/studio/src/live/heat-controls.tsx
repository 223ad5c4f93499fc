/** The heat map: off, what speaks for a label, or what speaks against one. */
import { strings } from '../strings.ts';
import { type Heat, noHeat } from './draw-look.ts';

const words = strings.live.heat;

export interface HeatControlsProps {
  readonly heat: Heat;
  readonly labels: readonly string[];
  readonly onHeat: (heat: Heat) => void;
}

export function HeatControls({ heat, labels, onHeat }: HeatControlsProps) {
  const name = (label: string): string => strings.expressions[label] ?? label;
  return (
    <>
      <button type="button" aria-pressed={heat.kind !== 'off'} onClick={() => onHeat(heat.kind === 'off' ? { kind: 'shown' } : noHeat)}>
        {words.title}
      </button>
      {heat.kind !== 'off' && (
        <select
          aria-label={words.of}
          value={'label' in heat ? `${heat.kind} ${heat.label}` : 'shown'}
          onChange={({ currentTarget: { value } }) => {
            const [, kind, label] = /^(why|whyNot) (.*)$/.exec(value) ?? [];
            onHeat(kind ? { kind: kind as 'why' | 'whyNot', label: label! } : { kind: 'shown' });
          }}
        >
          <option value="shown">{words.shown}</option>
          <optgroup label={words.whyGroup}>
            {labels.map((label) => (
              <option key={label} value={`why ${label}`}>
                {words.why(name(label))}
              </option>
            ))}
          </optgroup>
          <optgroup label={words.whyNotGroup}>
            {labels.map((label) => (
              <option key={label} value={`whyNot ${label}`}>
                {words.whyNot(name(label))}
              </option>
            ))}
          </optgroup>
        </select>
      )}
      {heat.kind === 'whyNot' && <p class="live-rate">{words.colours(name(heat.label))}</p>}
    </>
  );
}
