// Reads the manifests of deploy/kubernetes, and holds them against what a cluster would refuse or drop without a word.
import assert from 'node:assert/strict';
import { globSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Secret } from 'kubernetes-models/v1/Secret';
import { Service } from 'kubernetes-models/v1/Service';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';
import { temporaryDirectory } from '../support/cleanup.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Manifest {
  apiVersion: string;
  kind: string;
  [key: string]: unknown;
}

/** The manifests that `kubectl apply -f` takes from a folder. */
export function manifestsOf(folder: string): Manifest[] {
  return globSync(`${folder}/*.yaml`, { cwd: ROOT })
    .flatMap((path) => parseAllDocuments(readFileSync(join(ROOT, path), 'utf8')))
    .map((document) => {
      assert.deepEqual(document.errors, []);
      return document.toJS() as Manifest;
    });
}

/** The schema of each kind, and the module that has its type. */
const KINDS: Readonly<Record<string, { validate: (of: never) => void; from: string }>> = {
  Deployment: {
    validate: (of) => new Deployment(of).validate(),
    from: 'kubernetes-models/apps/v1/Deployment',
  },
  PodDisruptionBudget: {
    validate: (of) => new PodDisruptionBudget(of).validate(),
    from: 'kubernetes-models/policy/v1/PodDisruptionBudget',
  },
  Secret: { validate: (of) => new Secret(of).validate(), from: 'kubernetes-models/v1/Secret' },
  Service: { validate: (of) => new Service(of).validate(), from: 'kubernetes-models/v1/Service' },
  StatefulSet: {
    validate: (of) => new StatefulSet(of).validate(),
    from: 'kubernetes-models/apps/v1/StatefulSet',
  },
};

/** Holds a manifest against the schema of its kind. Throws where it does not fit. */
export function validate(manifest: Manifest): void {
  const kind = KINDS[manifest.kind];
  if (kind === undefined) throw new Error(`no schema for ${manifest.kind}`);
  kind.validate(manifest as never);
}

/** What the compiler says of manifests as values of their types: a schema lets unknown fields pass, and a type does not. */
export function misfits(t: TestContext, ...of: readonly Manifest[]): string[] {
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

/** Asserts what every pod of Oncebox has: the probes that exist, no right that it does not need, settings and secrets that are there. */
export function assertPod(pod: IPodSpec | undefined, secret: Manifest | undefined): void {
  const container = pod?.containers[0];
  assert.equal(container?.readinessProbe?.httpGet?.path, '/health/ready');
  assert.equal(container.livenessProbe?.httpGet?.path, '/health/live');
  assert.equal(container.startupProbe?.httpGet?.path, '/health/live');
  const ports = new Set(container.ports?.map(({ name }) => name));
  for (const probe of [container.readinessProbe, container.livenessProbe, container.startupProbe])
    assert.ok(ports.has(String(probe.httpGet?.port)));
  // 10 s for what is in flight, and some for the end of the database's work.
  assert.ok((pod?.terminationGracePeriodSeconds ?? 0) >= 15);
  assert.equal(pod?.securityContext?.runAsNonRoot, true);
  assert.equal(pod.securityContext.seccompProfile?.type, 'RuntimeDefault');
  assert.equal(pod.automountServiceAccountToken, false);
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  const reference = readFileSync(join(ROOT, 'docs/reference/settings.md'), 'utf8');
  const settings = new Set([...reference.matchAll(/^\| `([A-Z_]+)` /gm)].map(([, name]) => name));
  const keys = Object.keys(secret?.['stringData'] as object);
  const mount = container.volumeMounts?.find(({ name }) => name === 'secrets');
  for (const { name, value = '' } of container.env ?? []) {
    assert.ok(settings.has(name), name);
    if (name.endsWith('_FILE'))
      assert.ok(
        keys.some((key) => value === `${mount?.mountPath}/${key}`),
        name,
      );
  }
}
