import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createNodeRecogniser, lightDetector } from '@mien/runtime/node';
import { expect, test } from 'vitest';
import { benchFlicker } from './bench-flicker.ts';
import { findModel, liveModelName } from './find-model.ts';

const clip = join(process.env.MIEN_DATA ?? '', 'video/one-face-20s.mp4');
const there = process.env.MIEN_DATA !== undefined && existsSync(clip);
if (!there) console.warn('flicker of a real clip: skipped. MIEN_DATA=/folder names real data with video/one-face-20s.mp4');

test.skipIf(!there)(
  'a real clip: raw and smoothed labels, switches against lag, the crop trembled where the clip alone flickers too little',
  { timeout: 600_000 },
  async () => {
    const [recogniser, detector] = await Promise.all([createNodeRecogniser(findModel(liveModelName), { threads: 1 }), lightDetector({ threads: 1 })]);
    try {
      const result = await benchFlicker({ file: clip, recogniser, detector, seed: 1, onProgress: () => {} });
      expect(result.frames).toBeGreaterThan(400);
      expect(result.seconds).toBeGreaterThan(19);
      expect(result.jittered).toBe(result.rawSwitches < 20);
      const [raw, ...smoothed] = result.rows;
      expect(raw).toMatchObject({ smoothing: 'raw', ofRaw: 1, probabilityLagMs: 0, labelLagMs: 0 });
      for (const row of smoothed) {
        expect(row.ofRaw).toBeLessThan(1);
        expect(row.probabilityLagMs).toBeLessThanOrEqual(200);
      }
      const chosen = smoothed.find(({ smoothing }) => smoothing === 'default')!;
      expect(chosen.ofRaw).toBeLessThanOrEqual(0.3);
      expect(chosen.labelLagMs).toBeLessThanOrEqual(200);
      expect(chosen.changes).toBeGreaterThan(50);
    } finally {
      await Promise.all([recogniser.release(), detector.release()]);
    }
  },
);
