// deploy/kubernetes: what a cluster would refuse, or drop without a word, is found here, and what Oncebox needs of it is there.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { oncebox } from '../cli/oncebox.ts';
import { assertPod, type Manifest, manifestsOf, misfits, validate } from './manifests.ts';

/** Returns the one of this kind. */
function only(manifests: readonly Manifest[], kind: string): Manifest | undefined {
  return manifests.find((manifest) => manifest.kind === kind);
}

const onFile = manifestsOf('deploy/kubernetes');
const set = only(onFile, 'StatefulSet') as unknown as IStatefulSet;
const onServer = manifestsOf('deploy/kubernetes/postgres');
const deployment = only(onServer, 'Deployment') as unknown as IDeployment;

describe('the manifests of one pod with SQLite', () => {
  it('fit the schemas and the types of Kubernetes', (t) => {
    const kinds = onFile.map(({ kind }) => kind).toSorted();
    assert.deepEqual(kinds, ['Secret', 'Service', 'StatefulSet']);
    for (const manifest of onFile) validate(manifest);
    assert.deepEqual(misfits(t, ...onFile), []);
  });

  it('would not, with a field that does not exist or a value of the wrong kind', (t) => {
    const wrong = (change: (spec: Record<string, unknown>) => void): Manifest => {
      const copy = structuredClone(set) as unknown as Manifest;
      change(copy['spec'] as Record<string, unknown>);
      return copy;
    };
    assert.throws(() => validate(wrong((spec) => void (spec['replicas'] = '1'))), /integer/);
    assert.throws(() => validate(wrong((spec) => delete spec['selector'])), /selector/);
    const misspelt = wrong((spec) => void (spec['replicaz'] = 1));
    assert.match(misfits(t, misspelt).join(), /replicaz/);
  });

  it('run one pod at a time, on a volume that one node mounts', () => {
    assert.equal(set.spec?.replicas, 1);
    const [claim] = set.spec.volumeClaimTemplates ?? [];
    const container = set.spec.template.spec?.containers[0];
    assert.deepEqual(claim?.spec?.accessModes, ['ReadWriteOnce']);
    const mount = container?.volumeMounts?.find(({ name }) => name === claim.metadata?.name);
    const url = container?.env?.find(({ name }) => name === 'DATABASE_URL')?.value;
    assert.ok(url?.startsWith(`sqlite:///${mount?.mountPath}/`));
  });

  it('give the pod the probes and the settings that there are, and no right that it does not need', () => {
    assertPod(set.spec?.template.spec, only(onFile, 'Secret'));
  });
});

describe('the manifests of several pods over PostgreSQL', () => {
  it('fit the schemas and the types of Kubernetes', (t) => {
    const kinds = onServer.map(({ kind }) => kind).toSorted();
    assert.deepEqual(kinds, ['Deployment', 'PodDisruptionBudget', 'Secret', 'Service']);
    for (const manifest of onServer) validate(manifest);
    assert.deepEqual(misfits(t, ...onServer), []);
  });

  it('keep all but one pod running through upgrades and while nodes are drained', () => {
    const { replicas = 0, strategy, selector, template } = deployment.spec ?? {};
    assert.ok(replicas > 1);
    assert.equal(strategy?.rollingUpdate?.maxUnavailable, 0);
    const budget = only(onServer, 'PodDisruptionBudget') as unknown as IPodDisruptionBudget;
    assert.equal(budget.spec?.maxUnavailable, 1);
    for (const labels of [selector?.matchLabels, budget.spec.selector?.matchLabels])
      for (const [name, value] of Object.entries(labels ?? { missing: '' }))
        assert.equal(template?.metadata?.labels?.[name], value);
  });

  it('name the database in a secret, by a URL that Oncebox takes, and keep nothing in the pod', async (t) => {
    const stringData = only(onServer, 'Secret')?.['stringData'] as Record<string, string>;
    const url = stringData['database-url'];
    const { code, stderr } = await oncebox(t, ['config', '--check'], {
      env: { DATABASE_URL: url },
    });
    assert.equal(code, 0, stderr);
    assert.match(String(url), /^postgres:.*[?&]sslmode=require$/);
    const { env = [] } = deployment.spec?.template.spec?.containers[0] ?? {};
    assert.ok(env.some(({ name }) => name === 'DATABASE_URL_FILE'));
    assert.ok(env.every(({ name }) => name !== 'DATABASE_URL'));
    const volumes = deployment.spec?.template.spec?.volumes ?? [];
    assert.deepEqual(volumes.map(({ name }) => name).toSorted(), ['secrets', 'tmp']);
  });

  it('give the pods the probes and the settings that there are, and no right that they do not need', () => {
    assertPod(deployment.spec?.template.spec, only(onServer, 'Secret'));
  });
});
