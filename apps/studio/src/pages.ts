/** The studio's pages, in the order of its navigation. */
import type { ComponentType } from 'preact';
import { PhotoPage } from './photo/photo-page.tsx';
import { strings } from './strings.ts';
import type { StudioContext } from './studio-context.ts';

export interface StudioPage {
  /** The address after `#`. */
  readonly id: string;
  readonly title: string;
  readonly Page: ComponentType<StudioContext>;
}

export const pages: readonly StudioPage[] = [{ id: 'photo', title: strings.pages.photo, Page: PhotoPage }];
