/** All results in one table, and as files. */
import { percent } from '../format.ts';
import { SaveIcon } from '../icons.tsx';
import type { RecognisedFace } from '../recognition/messages.ts';
import { saveFile } from '../save-file.ts';
import { strings } from '../strings.ts';
import { expressionClass, placeOf } from './expression-class.ts';
import { expressionWords } from './expression-words.ts';
import { labelsOf, predictEntries, toCsv, toJson } from './export-results.ts';
import type { Picture } from './picture-queue.ts';

const words = strings.results;

interface Row {
  readonly key: string;
  readonly picture: string;
  readonly index?: number;
  readonly face?: RecognisedFace;
  /** That read the picture. */
  readonly model?: string;
  readonly remark?: string;
}

function rowsOf(pictures: readonly Picture[]): Row[] {
  return pictures.flatMap(({ id, name, state }): Row[] => {
    if (state.kind === 'failed') return [{ key: `${id}`, picture: name, remark: words.failed }];
    if (state.kind !== 'done') return [];
    if (state.faces.length === 0) return [{ key: `${id}`, picture: name, model: state.model, remark: words.none }];
    return state.faces.map((face, i) => ({ key: `${id} ${i}`, picture: name, index: i + 1, face, model: state.model }));
  });
}

function FaceCells({ face, labels }: { readonly face: RecognisedFace; readonly labels: readonly string[] }) {
  return (
    <>
      <td>
        <span class={`tag ${expressionClass(face.expression, placeOf(face))}`}>{expressionWords(face)}</span>
      </td>
      {labels.map((label) => (
        <td key={label} class={label === face.expression ? 'number leading' : 'number'}>
          {Object.hasOwn(face.probabilities, label) ? percent(face.probabilities[label]!) : words.absent}
        </td>
      ))}
    </>
  );
}

export function ResultsTable({ pictures }: { readonly pictures: readonly Picture[] }) {
  const rows = rowsOf(pictures);
  if (rows.length === 0) return null;
  const entries = predictEntries(pictures);
  const labels = labelsOf(entries);
  return (
    <section class="results" aria-labelledby="results-title">
      <header>
        <h2 id="results-title">{words.title}</h2>
        <button type="button" onClick={() => saveFile(toCsv(entries, labels), 'text/csv', 'mien-results.csv')}>
          <SaveIcon />
          {words.csv}
        </button>
        <button type="button" onClick={() => saveFile(toJson(entries), 'application/json', 'mien-results.json')}>
          <SaveIcon />
          {words.json}
        </button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <section class="scroll" tabIndex={0} aria-labelledby="results-title">
        <table>
          <thead>
            <tr>
              <th scope="col">{words.picture}</th>
              <th scope="col">{words.face}</th>
              <th scope="col">{words.expression}</th>
              {labels.map((label) => (
                <th key={label} scope="col" class="number">
                  {strings.expressions[label] ?? label}
                </th>
              ))}
              <th scope="col">{words.model}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ key, picture, index, face, model, remark }) => (
              <tr key={key}>
                <th scope="row" title={picture}>
                  {picture}
                </th>
                <td>{index}</td>
                {face ? <FaceCells face={face} labels={labels} /> : <td colSpan={labels.length + 1}>{remark}</td>}
                <td>{model}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
