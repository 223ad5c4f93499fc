/** What the model is doing, until it is ready. */
import { WarningIcon } from '../icons.tsx';
import { useStore } from '../store.ts';
import { strings } from '../strings.ts';
import type { StudioContext } from '../studio-context.ts';
import type { ModelState } from './model-loader.ts';

const words = strings.model;

function Loading({ state }: { readonly state: Extract<ModelState, { kind: 'connecting' | 'loading' }> }) {
  const progress = state.kind === 'loading' ? state.progress : undefined;
  const downloading = progress?.stage === 'downloading' ? progress : undefined;
  const text = downloading ? words.downloading(downloading.loadedBytes, downloading.totalBytes) : progress ? words.starting : words.connecting;
  return (
    <div class="model-status">
      <progress aria-label={words.loadLabel} {...(downloading ? { value: downloading.loadedBytes, max: downloading.totalBytes } : {})} />
      <p>{text}</p>
    </div>
  );
}

export function ModelStatus({ loader, loadModel }: Pick<StudioContext, 'loader' | 'loadModel'>) {
  const state = useStore(loader.state);
  switch (state.kind) {
    case 'ready':
    case 'listed':
      return null;
    case 'none':
      return (
        <section class="notice" role="status">
          <WarningIcon />
          <div>
            <h2>{words.noneTitle}</h2>
            <p>
              {words.none} {words.noneRemedy}
            </p>
            {words.noneCommands.map((command) => (
              <code key={command}>{command}</code>
            ))}
          </div>
        </section>
      );
    case 'failed':
      return (
        <section class="notice" role="alert">
          <WarningIcon />
          <div>
            <h2>{words.failed}</h2>
            <p>{state.message}</p>
            <button type="button" onClick={() => loadModel()}>
              {words.retry}
            </button>
          </div>
        </section>
      );
    default:
      return <Loading state={state} />;
  }
}
