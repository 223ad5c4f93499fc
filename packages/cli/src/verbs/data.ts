/** `mien data`: bring faces in, see what is wrong with them, mend it. One file a sub-command. */
import type { Command } from 'commander';
import { addAlignVerb } from './data/align.ts';
import { addCheckVerb } from './data/check.ts';
import { addCleanVerb } from './data/clean.ts';
import { addConfidenceVerb } from './data/confidence.ts';
import { addExportVerb } from './data/export.ts';
import { addImportVerb } from './data/import.ts';
import { addLandmarksVerb } from './data/landmarks.ts';
import { addMergeVerb } from './data/merge.ts';
import { addPreviewVerb } from './data/preview.ts';
import { addSplitVerb } from './data/split.ts';

export function addDataVerbs(program: Command): void {
  const data = program.command('data');
  for (const add of [
    addImportVerb,
    addCheckVerb,
    addConfidenceVerb,
    addCleanVerb,
    addMergeVerb,
    addSplitVerb,
    addPreviewVerb,
    addExportVerb,
    addLandmarksVerb,
    addAlignVerb,
  ])
    add(data);
}
