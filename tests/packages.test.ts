// What is installed, and that it is the same everywhere: exact versions, a lockfile for every platform, one Node.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
}

interface Locked {
  version?: string;
  integrity?: string;
  resolved?: string;
  hasInstallScript?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');

describe('package.json', () => {
  it('names one exact version of each package', () => {
    const all = {
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.optionalDependencies,
    };
    assert.ok(Object.keys(all).length > 10);
    for (const [name, version] of Object.entries(all))
      assert.match(version, /^(npm:[\w@/.-]+@)?\d+\.\d+\.\d+$/, name);
  });

  it('pins the same Node for every platform, and these tests run under it', () => {
    const versions = new Set(Object.values(manifest.optionalDependencies));
    assert.deepEqual(
      [...versions].map((version) => `v${version}`),
      [process.version],
    );
  });

  it('has the version that the image is labelled with', () => {
    const label = /image\.version="([^"]*)"/.exec(read('Dockerfile'))?.[1];
    assert.equal(label, manifest.version);
  });
});

describe('package-lock.json', () => {
  it('holds a hash for every package', () => {
    assert.ok(locked.length > 100);
    assert.deepEqual(
      locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path),
      [],
    );
  });

  it('holds the packages of every platform, not only of the one it was made on', () => {
    const missing = locked.flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => !isLocked(path, name))
        .map((name) => `${path} needs ${name}`),
    );
    assert.deepEqual(missing, []);
  });

  it('leads to no registry but the public one', () => {
    const elsewhere = locked.filter(
      ([, { resolved }]) => !(resolved ?? '').startsWith('https://registry.npmjs.org/') && resolved,
    );
    assert.deepEqual(elsewhere, []);
  });

  it('brings nothing that runs a script when it is installed', () => {
    assert.deepEqual(
      locked.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path),
      [],
    );
  });
});

/** Whether `name` is found from the package at `path` as Node looks for it: in its own node_modules, then further out. */
function isLocked(path: string, name: string): boolean {
  for (
    let from = path;
    from !== '';
    from = from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/')))
  )
    if (`${from}/node_modules/${name}` in lock.packages) return true;
  return `node_modules/${name}` in lock.packages;
}
