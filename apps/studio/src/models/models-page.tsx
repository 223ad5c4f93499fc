/** The page "Models": what there is, which one is in use, and two of them on the same picture. */
import type { ListedModel } from '@mien/server/api';
import { useEffect, useRef } from 'preact/hooks';
import { count, megabytes } from '../format.ts';
import { headlineFigure } from '../model/headline-figure.ts';
import { ModelCardPanel } from '../model/model-card-panel.tsx';
import { modelOf } from '../model/model-loader.ts';
import { ModelStatus } from '../model/model-status.tsx';
import { useStore } from '../store.ts';
import { strings } from '../strings.ts';
import type { StudioContext } from '../studio-context.ts';
import { SideBySide } from './side-by-side.tsx';
import '../styles/models.css';

const words = strings.models;

interface ModelTileProps {
  readonly model: ListedModel;
  readonly inUse: boolean;
  readonly onUse: () => void;
}

function ModelTile({ model: { name, bytes, card }, inUse, onUse }: ModelTileProps) {
  const panel = useRef<HTMLDialogElement>(null);
  const figure = headlineFigure(card);
  const facts = [
    [strings.card.architecture, card.architecture],
    [strings.card.parameters, count(card.parameters)],
    [words.size, megabytes(bytes)],
    [strings.card.licence, card.licence],
  ] as const;
  return (
    <li class={inUse ? 'model-tile in-use' : 'model-tile'}>
      <h2>{name}</h2>
      <p class="lead">{card.description}</p>
      <p class="figure">{figure ? strings.model.figure(figure.value, figure.dataset, figure.split) : strings.model.noFigure}</p>
      <dl>
        {facts.map(([fact, value]) => (
          <div key={fact}>
            <dt>{fact}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div class="actions">
        <button type="button" class={inUse ? '' : 'primary'} aria-label={inUse ? words.inUseNamed(name) : words.useNamed(name)} onClick={onUse}>
          {inUse ? words.inUse : words.use}
        </button>
        <button type="button" class="quiet" aria-haspopup="dialog" onClick={() => panel.current?.showModal()}>
          {strings.model.card}
        </button>
      </div>
      <ModelCardPanel panel={panel} card={card} />
    </li>
  );
}

export function ModelsPage({ loader, loadModel }: StudioContext) {
  const state = useStore(loader.state);
  const catalogue = useStore(loader.catalogue);
  const current = modelOf(state);
  useEffect(() => void loader.list(), [loader]);
  return (
    <div class="models-page">
      <h1>{words.title}</h1>
      <ModelStatus loader={loader} loadModel={loadModel} />
      {catalogue && (
        <>
          <ul class="model-tiles">
            {catalogue.models.map((model) => (
              <ModelTile key={model.name} model={model} inUse={model.name === current?.name} onUse={() => loadModel(model.name)} />
            ))}
          </ul>
          <SideBySide catalogue={catalogue} />
        </>
      )}
    </div>
  );
}
