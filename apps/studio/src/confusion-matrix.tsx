/** Which labels are taken for which. */
import { percent } from './format.ts';
import { strings } from './strings.ts';
import './styles/confusion.css';

const words = strings.confusion;

export interface ConfusionMatrixProps {
  readonly title: string;
  readonly labels: readonly string[];
  /** [K][K]: rows by what they are, columns by what they were named. */
  readonly counts: readonly (readonly number[])[];
  /** A cell that can be chosen, to see what lies in it. */
  readonly onChoose?: (of: number, named: number) => void;
  readonly chosen?: readonly [number, number] | undefined;
}

const nameOf = (label: string): string => strings.expressions[label] ?? label;

export function ConfusionMatrix({ title, labels, counts, onChoose, chosen }: ConfusionMatrixProps) {
  return (
    <figure class="confusion">
      <figcaption>{title}</figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <section class="scroll" tabIndex={0} aria-label={title}>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.corner}</th>
              {labels.map((label) => (
                <th key={label} scope="col">
                  <span>{nameOf(label)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {labels.map((label, of) => {
              const row = counts[of]!;
              const sum = row.reduce((a, b) => a + b, 0);
              return (
                <tr key={label}>
                  <th scope="row">{nameOf(label)}</th>
                  {row.map((n, named) => {
                    const share = sum === 0 ? 0 : n / sum;
                    const text = words.cell(nameOf(label), nameOf(labels[named]!), n, percent(share));
                    const look = `${of === named ? 'right' : 'wrong'}${share > 0.5 ? ' strong' : ''}`;
                    const isChosen = chosen?.[0] === of && chosen[1] === named;
                    return (
                      <td key={labels[named]} class={look} style={{ '--share': `${share * 100}%` }} title={text}>
                        {onChoose && n > 0 && of !== named ? (
                          <button type="button" aria-pressed={isChosen} aria-label={text} onClick={() => onChoose(of, named)}>
                            {n}
                          </button>
                        ) : (
                          n
                        )}
                      </td>
                    );
                  })}
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
    </figure>
  );
}
