/** The studio's pages, in the order of its navigation. Each is loaded when it is first opened. */
import type { ComponentType } from 'preact';
import { strings } from './strings.ts';
import type { StudioContext } from './studio-context.ts';

export interface StudioPage {
  /** The address after `#`. */
  readonly id: string;
  readonly title: string;
  readonly load: () => Promise<ComponentType<StudioContext>>;
}

const { pages: titles } = strings;

export const pages: readonly StudioPage[] = [
  { id: 'photo', title: titles.photo, load: async () => (await import('./photo/photo-page.tsx')).PhotoPage },
  { id: 'live', title: titles.live, load: async () => (await import('./live/live-page.tsx')).LivePage },
  { id: 'video', title: titles.video, load: async () => (await import('./video/video-page.tsx')).VideoPage },
  { id: 'personal', title: titles.personal, load: async () => (await import('./personal/personal-page.tsx')).PersonalPage },
  { id: 'models', title: titles.models, load: async () => (await import('./models/models-page.tsx')).ModelsPage },
  { id: 'label', title: titles.labelling, load: async () => (await import('./labelling/label-page.tsx')).LabelPage },
  { id: 'train', title: titles.train, load: async () => (await import('./train/train-page.tsx')).TrainPage },
];
