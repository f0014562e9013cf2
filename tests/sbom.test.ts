// The list of what the image holds: every package that the app and the dashboard need, and none that only the work on them needs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

it('npm run sbom prints CycloneDX with the production packages', () => {
  const manifests = ['package.json', 'web/package.json'].map(
    (path) =>
      JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Record<
        'dependencies' | 'devDependencies',
        Record<string, string>
      >,
  );
  const text = execFileSync(process.execPath, [join(ROOT, 'scripts/sbom.ts')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const bom = JSON.parse(text) as {
    bomFormat: string;
    components: { name: string; version: string; purl: string }[];
    dependencies: { ref: string; dependsOn: string[] }[];
  };
  assert.equal(bom.bomFormat, 'CycloneDX');
  const listed = bom.components.map(({ name, version }) => `${name}@${version}`);
  for (const { dependencies, devDependencies } of manifests) {
    for (const [name, version] of Object.entries(dependencies))
      assert.ok(listed.includes(`${name}@${version}`), `${name} is missing`);
    for (const name of Object.keys(devDependencies))
      assert.ok(!listed.some((entry) => entry.startsWith(`${name}@`)), `${name} does not ship`);
  }
  for (const { purl } of bom.components) assert.match(purl, /^pkg:npm\//);
  const [own] = bom.dependencies.filter(({ ref }) => ref.startsWith('oncebox@'));
  const direct = manifests.flatMap(({ dependencies }) => Object.entries(dependencies));
  assert.deepEqual(
    own?.dependsOn.toSorted(),
    direct.map(([name, version]) => `${name}@${version}`).toSorted(),
  );
});
