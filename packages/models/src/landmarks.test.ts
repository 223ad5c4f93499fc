import { buildNetwork, describeNetwork } from '@mien/engine';
import { landmarkFeatureCount } from '@mien/runtime';
import { expect, it } from 'vitest';
import { findArchitecture } from './registry.ts';

it.each(['mien-net', 'resnet18-48'])('%s takes landmarks as a second input where its option says so, and is otherwise as it was', (name) => {
  const architecture = findArchitecture(name)!;
  const plain = architecture.build({ classes: 7 });
  const both = architecture.build({ classes: 7, landmarks: true });
  expect(describeNetwork(plain, [1, 48, 48]).secondInputs).toEqual([]);
  expect(describeNetwork(both, [1, 48, 48]).secondInputs).toEqual([{ name: 'landmarks', shape: [landmarkFeatureCount] }]);
  const namesOf = (network: typeof plain): string[] => buildNetwork(network, [1, 48, 48], { mode: 'infer', batch: 1 }).specs.map((spec) => spec.name);
  const known = new Set(namesOf(plain));
  const added = namesOf(both).filter((weight) => !known.has(weight));
  expect(added).toEqual(['landmarks.fc1.weight', 'landmarks.fc1.bias', 'landmarks.fc2.weight', 'landmarks.fc2.bias']);
  expect(architecture.head.some((prefix) => added.every((weight) => weight.startsWith(`${prefix}.`)))).toBe(true);
});

it('a transformer head has no pooled features to join landmarks to', () => {
  const network = findArchitecture('resnet18-regions')!.build({ classes: 7, landmarks: true });
  expect(() => describeNetwork(network, [3, 64, 64])).toThrow('use it with head gap');
});
