/** The running camera and the three steps: resting face, recordings, a model of one's own. */
import type { Live, Mien } from '@mien/web';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { CameraStage } from '../live/camera-stage.tsx';
import { type DrawOptions, noHeat } from '../live/draw-look.ts';
import { FacePanel } from '../live/face-panel.tsx';
import type { Look } from '../live/look.ts';
import { useBeat } from '../live/use-beat.ts';
import type { ModelLoader } from '../model/model-loader.ts';
import { type Store, useStore } from '../store.ts';
import { strings } from '../strings.ts';
import { ClassList } from './class-list.tsx';
import { NeutralCorrection } from './neutral-correction.tsx';
import { PersonalOutcome } from './personal-outcome.tsx';
import { PersonalSession } from './personal-session.ts';

const words = strings.personal;

interface StepProps {
  readonly title: string;
  readonly lead: string;
  readonly children: ComponentChildren;
}

function Step({ title, lead, children }: StepProps) {
  return (
    <section class="step">
      <h2>{title}</h2>
      <p class="lead">{lead}</p>
      {children}
    </section>
  );
}

export interface PersonalViewProps {
  readonly loader: ModelLoader;
  readonly video: HTMLVideoElement;
  readonly mien: Mien;
  readonly live: Live;
  readonly labels: readonly string[];
  readonly trying: boolean;
  readonly latest: Store<Look | undefined>;
  /** Rejects where the model cannot be opened. */
  readonly onTry: (model: Uint8Array | undefined) => Promise<void>;
  readonly onStop: () => void;
}

export function PersonalView({ loader, video, mien, live, labels, trying, latest, onTry, onStop }: PersonalViewProps) {
  const stage = useRef<HTMLDivElement>(null);
  const [session] = useState(() => new PersonalSession(mien));
  useEffect(() => () => session.close(), [session]);
  const { classes, work, result, problem } = useStore(session.state);
  useStore(loader.state);
  useBeat(latest);
  const drawing = useRef<DrawOptions>({ mirrored: true, heat: noHeat, labels });
  drawing.current = { mirrored: true, heat: noHeat, labels };
  // The one that is recorded.
  const faces = latest.value?.faces ?? [];
  const largest = faces.toSorted((a, b) => b.box.width * b.box.height - a.box.width * a.box.height)[0];
  const recorded = classes.filter(({ frames }) => frames > 0);
  const name = `${mien.card.name}-personal`;
  const discard = async (): Promise<void> => {
    if (trying) await onTry(undefined);
    loader.forgetOwn();
    await session.discard();
  };
  return (
    <section class="live-page" tabIndex={-1} aria-label={strings.live.cameraOn}>
      <div class="personal-picture">
        <CameraStage stage={stage} video={video} latest={latest} drawing={drawing} kiosk={false} onStop={onStop} />
        <p class="private">{words.private}</p>
        {faces.length > 1 && <p role="status">{words.several}</p>}
        {largest ? (
          <ol class="live-faces" aria-label={strings.live.faces}>
            <FacePanel face={largest} />
          </ol>
        ) : (
          <p class="live-empty">{strings.live.noFace}</p>
        )}
      </div>
      <div class="steps">
        <Step title={words.neutral.title} lead={words.neutral.lead}>
          {trying ? <p class="live-rate">{words.notWhileTrying}</p> : <NeutralCorrection live={live} labels={labels} />}
        </Step>
        <Step title={words.classes.title} lead={words.classes.lead}>
          {trying && <p class="live-rate">{words.notWhileTrying}</p>}
          <ClassList
            classes={classes}
            labels={mien.card.labels}
            work={work}
            disabled={trying}
            onAdd={(label) => session.add(label)}
            onRemove={(label) => void session.remove(label)}
            onRecord={(label) => void session.record(live, label)}
          />
        </Step>
        <Step title={words.outcome.title} lead={words.outcome.lead}>
          <div class="outcome-actions">
            <button
              type="button"
              class={result ? '' : 'primary'}
              // Not `disabled` while it trains: it would lose the focus. The session does one thing at a time.
              disabled={(work.kind !== 'idle' && work.kind !== 'training') || recorded.length < 2 || trying}
              aria-disabled={work.kind === 'training'}
              onClick={() => void session.train(name)}
            >
              {result ? words.outcome.again : words.outcome.train}
            </button>
            {recorded.length < 2 && <p class="live-rate">{words.outcome.needsTwo}</p>}
          </div>
          {/* There before it says something, or it would not be heard. */}
          <p class="heard-only" role="status">
            {work.kind === 'training' ? words.outcome.training : result ? words.outcome.trained(result.before, result.after) : ''}
          </p>
          {work.kind === 'training' && <progress aria-label={words.outcome.training} />}
          {problem && <p role="alert">{(words.problems as Readonly<Record<string, string>>)[problem.code] ?? problem.message}</p>}
          {result && (
            <PersonalOutcome
              result={result}
              trying={trying}
              // Not `disabled` while it opens: it would lose the focus. The session does one thing at a time.
              busy={work.kind !== 'idle' && work.kind !== 'opening'}
              onTry={(on) => void session.switchModel(() => onTry(on ? result.model : undefined))}
              inUse={loader.owns(result.card)}
              onUse={() => loader.useOwn(result.model, result.card)}
            />
          )}
          {(recorded.length > 0 || result) && (
            <button type="button" class="discard" disabled={work.kind !== 'idle'} onClick={() => void discard()}>
              {words.outcome.discard}
            </button>
          )}
        </Step>
      </div>
    </section>
  );
}
