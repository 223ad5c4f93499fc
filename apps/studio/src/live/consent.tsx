/** What a person reads before the camera starts. */
import { strings } from '../strings.ts';

const words = strings.live.consent;

export function Consent({ onAgree }: { readonly onAgree: () => void }) {
  return (
    <section class="consent" aria-labelledby="consent-title">
      <h1 id="consent-title">{words.title}</h1>
      <ul>
        {words.statements.map(({ title, text }) => (
          <li key={title}>
            <h2>{title}</h2>
            <p>{text}</p>
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
