/** The studio's pages, in the order of its navigation. Each is loaded when it is first opened. */
import type { ComponentType } from 'preact';
import type { Purpose } from './model/model-loader.ts';
import { strings } from './strings.ts';
import type { StudioContext } from './studio-context.ts';

export interface StudioPage {
  /** The address after `#`. */
  readonly id: string;
  readonly title: string;
  /** Where it reads films or a camera: there a lighter model is the default. */
  readonly reads: Purpose;
  readonly load: () => Promise<ComponentType<StudioContext>>;
}

const { pages: titles } = strings;

export const pages: readonly StudioPage[] = [
  { id: 'photo', title: titles.photo, reads: 'pictures', load: async () => (await import('./photo/photo-page.tsx')).PhotoPage },
  { id: 'live', title: titles.live, reads: 'video', load: async () => (await import('./live/live-page.tsx')).LivePage },
  { id: 'video', title: titles.video, reads: 'video', load: async () => (await import('./video/video-page.tsx')).VideoPage },
  { id: 'personal', title: titles.personal, reads: 'video', load: async () => (await import('./personal/personal-page.tsx')).PersonalPage },
  { id: 'models', title: titles.models, reads: 'pictures', load: async () => (await import('./models/models-page.tsx')).ModelsPage },
  { id: 'label', title: titles.labelling, reads: 'pictures', load: async () => (await import('./labelling/label-page.tsx')).LabelPage },
  { id: 'train', title: titles.train, reads: 'pictures', load: async () => (await import('./train/train-page.tsx')).TrainPage },
];
