/** A recorded session as files. */
import { SaveIcon } from '../icons.tsx';
import { saveFile } from '../save-file.ts';
import { strings } from '../strings.ts';
import { filmExtension } from './film-recorder.ts';
import { type RecordedSession, sessionCsv, sessionJson } from './recorded-session.ts';

export interface SaveSessionProps {
  readonly session: RecordedSession;
  readonly labels: readonly string[];
  /** With the faces drawn in. */
  readonly film?: Blob;
  /** Of the files, without their endings. */
  readonly name?: string;
}

export function SaveSession({ session, labels, film, name = 'mien-session' }: SaveSessionProps) {
  return (
    <div class="save-session">
      <button type="button" onClick={() => saveFile(sessionCsv(session.looks, labels), 'text/csv', `${name}.csv`)}>
        <SaveIcon />
        {strings.results.csv}
      </button>
      <button type="button" onClick={() => saveFile(sessionJson(session), 'application/json', `${name}.json`)}>
        <SaveIcon />
        {strings.results.json}
      </button>
      {film && (
        <button type="button" onClick={() => saveFile(film, film.type, `${name}.${filmExtension(film.type)}`)}>
          <SaveIcon />
          {strings.live.saveFilm}
        </button>
      )}
    </div>
  );
}
