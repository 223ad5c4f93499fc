/** The manifests of deploy/kubernetes: whole, consistent with each other and with the code, and tight. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyPrefix } from '@mien/jobs/redis';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

// biome-ignore lint/suspicious/noExplicitAny: whatever a manifest holds
type Manifest = any;

const dir = join(import.meta.dirname, '../../../deploy/kubernetes');
const documents: Manifest[] = readdirSync(dir)
  .filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
  .flatMap((name) =>
    parseAllDocuments(readFileSync(join(dir, name), 'utf8'), { strict: true, uniqueKeys: true }).map((document) => {
      expect(document.errors, name).toEqual([]);
      return document.toJS() as Manifest;
    }),
  );
const named = (kind: string, name: string): Manifest => documents.find((document) => document.kind === kind && document.metadata.name === name);
const pods: [string, Manifest][] = documents
  .filter(({ kind }) => kind === 'Deployment' || kind === 'Job')
  .map((document) => [document.metadata.name, document.spec.template]);

describe('Kubernetes manifests', () => {
  it('are what they should be, and all of them are applied', () => {
    expect(documents.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`).sort()).toEqual([
      'apps/v1 Deployment',
      'apps/v1 Deployment',
      'batch/v1 Job',
      'keda.sh/v1alpha1 ScaledObject',
      'keda.sh/v1alpha1 TriggerAuthentication',
      'networking.k8s.io/v1 NetworkPolicy',
      'v1 PersistentVolumeClaim',
      'v1 Service',
    ]);
    for (const { metadata, spec } of documents) {
      expect(metadata.name).toMatch(/^mien-[a-z]+$/);
      expect(spec).toBeTypeOf('object');
    }
    const [kustomization] = parseAllDocuments(readFileSync(join(dir, 'kustomization.yaml'), 'utf8')).map((document) => document.toJS() as Manifest);
    expect(kustomization.resources.toSorted()).toEqual(
      readdirSync(dir)
        .filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
        .sort(),
    );
  });

  it.each(pods)('%s runs as nobody in particular, on a read-only root, within limits', (_, { spec }) => {
    expect(spec).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } });
    expect(spec.securityContext.runAsUser).toBeGreaterThan(0);
    for (const container of spec.containers) {
      expect(container.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
      expect(container.resources).toEqual({
        requests: { cpu: expect.any(String), memory: expect.any(String) },
        limits: { cpu: expect.any(String), memory: expect.any(String) },
      });
      for (const { name } of container.volumeMounts ?? []) expect(spec.volumes.map((volume: Manifest) => volume.name)).toContain(name);
    }
  });

  it('workers are scaled on the list in which the job’s chunks wait', () => {
    const { args } = named('Job', 'mien-label').spec.template.spec.containers[0];
    const name = args[args.indexOf('--name') + 1];
    const [trigger] = named('ScaledObject', 'mien-worker').spec.triggers;
    expect(trigger.metadata.listName).toBe(`${keyPrefix}:${name}:wait`);
    expect(named('ScaledObject', 'mien-worker').spec.scaleTargetRef.name).toBe(named('Deployment', 'mien-worker').metadata.name);
    expect(trigger.authenticationRef.name).toBe(named('TriggerAuthentication', 'mien-queue').metadata.name);
  });

  it('selectors, claims and the queue’s address fit', () => {
    for (const [name, { metadata }] of pods.filter(([name]) => name !== 'mien-label')) {
      expect(named('Deployment', name).spec.selector.matchLabels).toEqual(metadata.labels);
    }
    const service = named('Service', 'mien-queue');
    expect(service.spec.selector).toEqual(named('Deployment', 'mien-queue').spec.template.metadata.labels);
    for (const name of ['mien-worker', 'mien-label']) {
      const { spec } = (named('Deployment', name) ?? named('Job', name)).spec.template;
      const queue = spec.containers[0].env.find((variable: Manifest) => variable.name === 'MIEN_QUEUE');
      expect(queue.value).toBe(`redis://:$(QUEUE_PASSWORD)@${service.metadata.name}:${service.spec.ports[0].port}`);
      expect(spec.volumes.find((volume: Manifest) => volume.name === 'data').persistentVolumeClaim.claimName).toBe(
        named('PersistentVolumeClaim', 'mien-data').metadata.name,
      );
    }
    expect(named('PersistentVolumeClaim', 'mien-data').spec.accessModes).toEqual(['ReadWriteMany']);
  });
});
