/** The frame around every page: header, promise, navigation. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { DeviceIcon, FaceIcon, Mark } from './icons.tsx';
import { ModelCardPanel } from './model/model-card-panel.tsx';
import { headlineFigure } from './model/headline-figure.ts';
import { modelOf } from './model/model-loader.ts';
import { pages, type StudioPage } from './pages.ts';
import { useStore } from './store.ts';
import { strings } from './strings.ts';
import type { StudioContext } from './studio-context.ts';

function currentPage(): StudioPage {
  return pages.find(({ id }) => id === location.hash.slice(1)) ?? pages[0]!;
}

function usePage(): StudioPage {
  const [page, setPage] = useState(currentPage);
  useEffect(() => {
    const follow = (): void => setPage(currentPage());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return page;
}

function Navigation({ current }: { readonly current: StudioPage }) {
  if (pages.length < 2) return null;
  return (
    <nav aria-label={strings.pages.label}>
      {pages.map(({ id, title }) => (
        <a key={id} href={`#${id}`} aria-current={id === current.id ? 'page' : undefined}>
          {title}
        </a>
      ))}
    </nav>
  );
}

function ModelSummary({ loader }: Pick<StudioContext, 'loader'>) {
  const model = modelOf(useStore(loader.state));
  const panel = useRef<HTMLDialogElement>(null);
  if (!model) return null;
  const figure = headlineFigure(model.card);
  return (
    <div class="model-summary">
      <p>
        <strong>{model.name}</strong>
        <span>{figure ? strings.model.figure(figure.value, figure.dataset, figure.split) : strings.model.noFigure}</span>
      </p>
      <button type="button" class="quiet" aria-haspopup="dialog" onClick={() => panel.current?.showModal()}>
        {strings.model.card}
      </button>
      <ModelCardPanel panel={panel} card={model.card} />
    </div>
  );
}

export function App(context: StudioContext) {
  const page = usePage();
  return (
    <>
      <header class="masthead">
        <a class="wordmark" href="#photo">
          <Mark />
          <span>{strings.name}</span>
        </a>
        <Navigation current={page} />
        <ModelSummary loader={context.loader} />
      </header>
      <ul class="promise">
        <li>
          <FaceIcon />
          {strings.promise.shown}
        </li>
        <li>
          <DeviceIcon />
          {strings.promise.local}
        </li>
      </ul>
      <main>
        <page.Page {...context} />
      </main>
    </>
  );
}
