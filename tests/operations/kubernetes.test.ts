// deploy/kubernetes: what a cluster would refuse, or drop without a word, is found here, and what Oncebox needs of it is there.
import assert from 'node:assert/strict';
import { globSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { Secret } from 'kubernetes-models/v1/Secret';
import { Service } from 'kubernetes-models/v1/Service';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';
import { temporaryDirectory } from '../support/cleanup.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Manifest {
  apiVersion: string;
  kind: string;
  [key: string]: unknown;
}

const manifests = globSync('deploy/kubernetes/*.yaml', { cwd: ROOT })
  .flatMap((path) => parseAllDocuments(readFileSync(join(ROOT, path), 'utf8')))
  .map((document) => {
    assert.deepEqual(document.errors, []);
    return document.toJS() as Manifest;
  });

/** The schema of each kind, and the module that has its type. */
const KINDS: Readonly<Record<string, { validate: (of: never) => void; from: string }>> = {
  Secret: { validate: (of) => new Secret(of).validate(), from: 'kubernetes-models/v1/Secret' },
  Service: { validate: (of) => new Service(of).validate(), from: 'kubernetes-models/v1/Service' },
  StatefulSet: {
    validate: (of) => new StatefulSet(of).validate(),
    from: 'kubernetes-models/apps/v1/StatefulSet',
  },
};

/** Holds a manifest against the schema of its kind. Throws where it does not fit. */
function validate(manifest: Manifest): void {
  const kind = KINDS[manifest.kind];
  if (kind === undefined) throw new Error(`no schema for ${manifest.kind}`);
  kind.validate(manifest as never);
}

/** What the compiler says of manifests as values of their types: a schema lets unknown fields pass, and a type does not. */
function misfits(t: TestContext, ...of: readonly Manifest[]): string[] {
  const directory = temporaryDirectory(t);
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  const path = join(directory, 'manifests.ts');
  const source = of.map(
    (manifest, index) =>
      `import type { I${manifest.kind} as T${index} } from '${KINDS[manifest.kind]?.from}';\n` +
      `export const manifest${index}: T${index} = ${JSON.stringify(manifest)};\n`,
  );
  writeFileSync(path, source.join(''));
  const program = ts.createProgram([path], {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

const set = manifests.find(({ kind }) => kind === 'StatefulSet') as unknown as IStatefulSet;
const pod = set.spec?.template.spec;
const container = pod?.containers[0];

describe('the manifests', () => {
  it('fit the schemas and the types of Kubernetes', (t) => {
    assert.deepEqual(manifests.map(({ kind }) => kind).toSorted(), [
      'Secret',
      'Service',
      'StatefulSet',
    ]);
    for (const manifest of manifests) validate(manifest);
    assert.deepEqual(misfits(t, ...manifests), []);
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
    assert.deepEqual(claim?.spec?.accessModes, ['ReadWriteOnce']);
    const mount = container?.volumeMounts?.find(({ name }) => name === claim.metadata?.name);
    const url = container?.env?.find(({ name }) => name === 'DATABASE_URL')?.value;
    assert.ok(url?.startsWith(`sqlite:///${mount?.mountPath}/`));
  });

  it('ask the probes that exist, and restart only what is not alive', () => {
    assert.equal(container?.readinessProbe?.httpGet?.path, '/health/ready');
    assert.equal(container.livenessProbe?.httpGet?.path, '/health/live');
    assert.equal(container.startupProbe?.httpGet?.path, '/health/live');
    const ports = new Set(container.ports?.map(({ name }) => name));
    for (const probe of [container.readinessProbe, container.livenessProbe, container.startupProbe])
      assert.ok(ports.has(String(probe.httpGet?.port)));
    // 10 s for what is in flight and some for the last checkpoint.
    assert.ok((pod?.terminationGracePeriodSeconds ?? 0) >= 15);
  });

  it('give the process no right that it does not need', () => {
    assert.equal(pod?.securityContext?.runAsNonRoot, true);
    assert.equal(pod.securityContext.seccompProfile?.type, 'RuntimeDefault');
    assert.equal(pod.automountServiceAccountToken, false);
    assert.deepEqual(container?.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('set only what Oncebox knows, from secrets that are there', () => {
    const reference = readFileSync(join(ROOT, 'docs/reference/settings.md'), 'utf8');
    const settings = new Set([...reference.matchAll(/^\| `([A-Z_]+)` /gm)].map(([, name]) => name));
    const secret = manifests.find(({ kind }) => kind === 'Secret');
    const keys = Object.keys(secret?.['stringData'] as object);
    const mount = container?.volumeMounts?.find(({ name }) => name === 'secrets');
    for (const { name, value = '' } of container?.env ?? []) {
      assert.ok(settings.has(name), name);
      if (name.endsWith('_FILE'))
        assert.ok(keys.some((key) => value === `${mount?.mountPath}/${key}`));
    }
  });
});
