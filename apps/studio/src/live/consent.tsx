/** What a person reads before the camera starts. */
import { strings } from '../strings.ts';

const words = strings.live.consent;

export interface ConsentProps {
  /** What the camera is wanted for, where that is more than looking. */
  readonly title?: string;
  readonly lead?: string;
  readonly onAgree: () => void;
}

export function Consent({ title, lead, onAgree }: ConsentProps) {
  return (
    <section class="consent" tabIndex={-1} aria-labelledby="consent-title">
      <div>
        <h1 id="consent-title">{title ?? words.title}</h1>
        {lead && <p class="lead">{lead}</p>}
        {title && <h2 class="before">{words.title}</h2>}
      </div>
      <ul>
        {words.statements.map((statement) => (
          <li key={statement.title}>
            <h2>{statement.title}</h2>
            <p>{statement.text}</p>
          </li>
        ))}
      </ul>
      <button type="button" class="primary" onClick={onAgree}>
        {words.agree}
      </button>
      <p class="footnote">{words.note}</p>
    </section>
  );
}
