import { expressions } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { findPeer, outputOrder, peerNames, peers } from './peers.ts';

describe('peers', () => {
  it.each(peerNames)('%s: its labels are the seven expressions, each once', (name) => {
    expect([...outputOrder(expressions, peers[name])].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('every output is counted for the label it means', () => {
    const of = (name: (typeof peerNames)[number], label: string): string =>
      expressions[outputOrder(expressions, peers[name])[(peers[name].labels as readonly string[]).indexOf(label)]!]!;
    expect([of('face-api', 'neutral'), of('face-api', 'fearful'), of('face-api', 'disgusted'), of('face-api', 'surprised'), of('face-api', 'happy')]).toEqual([
      'neutral',
      'fear',
      'disgust',
      'surprise',
      'happy',
    ]);
    expect([of('human', 'neutral'), of('human', 'surprise')]).toEqual(['neutral', 'surprise']);
  });

  it('data with other labels is refused', () => {
    expect(() => outputOrder(['happy', 'sad'], peers.human)).toThrow(/@vladmandic\/human emotion names angry, .* the data is labelled happy, sad/);
  });

  it.each(peerNames)('%s is found with its size, or said to be missing with the way to have it', (name) => {
    const found = findPeer(name);
    if ('missing' in found) expect(found.missing).toContain(`npm install --no-save ${peers[name].npm}`);
    else expect(found.bytes).toBeGreaterThan(100_000);
  });
});
