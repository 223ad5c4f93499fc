/** The frame around every page: header, promise, navigation. */
import type { ComponentType, RefObject } from 'preact';
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

/** The title of the tab names the page; a page that is gone to takes the focus, so that it is what is read and reached next. */
function useArrival(page: StudioPage): RefObject<HTMLElement | null> {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(page);
  useEffect(() => {
    document.title = strings.documentTitle(page.title);
    // Not the first page: the browser begins at its top by itself.
    if (shown.current !== page) main.current?.focus();
    shown.current = page;
  }, [page]);
  return main;
}

/** For keyboards: past the header and the navigation. */
function SkipLink({ page, main }: { readonly page: StudioPage; readonly main: RefObject<HTMLElement | null> }) {
  const skip = (event: Event): void => {
    event.preventDefault();
    main.current?.focus();
  };
  // The part after `#` names a page, so it cannot name an element.
  return (
    <a class="skip-link" href={`#${page.id}`} onClick={skip}>
      {strings.skip}
    </a>
  );
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

/** The page's component, once its code has come; an error's words when it does not come. */
function usePageComponent(page: StudioPage): { readonly Page?: ComponentType<StudioContext>; readonly failed?: boolean } {
  const [loaded, setLoaded] = useState<{ readonly of: StudioPage; readonly Page?: ComponentType<StudioContext>; readonly failed?: boolean }>();
  useEffect(() => {
    let left = false;
    const show = (result: { readonly Page?: ComponentType<StudioContext>; readonly failed?: boolean }): void => {
      if (!left) setLoaded({ of: page, ...result });
    };
    page.load().then(
      (Page) => show({ Page }),
      () => show({ failed: true }),
    );
    return () => {
      left = true;
    };
  }, [page]);
  return loaded?.of === page ? loaded : {};
}

export function App(context: StudioContext) {
  const page = usePage();
  const main = useArrival(page);
  const { loader } = context;
  useEffect(() => loader.readWith(page.reads), [loader, page]);
  const { Page, failed } = usePageComponent(page);
  return (
    <>
      <SkipLink page={page} main={main} />
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
      <main ref={main} tabIndex={-1}>
        {Page && <Page {...context} />}
        {failed && <p role="alert">{strings.errors.unreachable}</p>}
      </main>
    </>
  );
}
