// The layer rules of .dependency-cruiser.mjs: the tool reads every file, and each rule refuses what it is there to refuse.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  copyFileSync,
  globSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from './support/cleanup.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TOOL = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
const CONFIG = join(ROOT, '.dependency-cruiser.mjs');

interface Report {
  modules: { source: string; dependencies: unknown[] }[];
  summary: { violations: { from: string; to: string; rule: { name: string } }[] };
}

/** Runs dependency-cruiser in `directory`. It exits with the number of violations: the report says more. */
async function cruise(directory: string, args: readonly string[]): Promise<Report> {
  const output = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      [TOOL, ...args, '--output-type', 'json'],
      { cwd: directory, maxBuffer: 2 ** 26 },
      (_error, stdout, stderr) => resolve(stdout || stderr),
    );
  });
  return JSON.parse(output) as Report;
}

/** What must not be: the rule that says so, a file, and what it would import. */
const REFUSED: readonly [rule: string, file: string, source: string][] = [
  ['room-model', 'app/model/a.ts', "import '../cli/y.ts';"],
  ['room-sync-directory', 'app/sync-directory.ts', "import './model/y.ts';"],
  ['room-http', 'app/http/j.ts', "import '../sync-directory.ts';"],
  ['room-config', 'app/config/a.ts', "import '../http/y.ts';"],
  ['room-sources', 'app/sources/a.ts', "import '../ingest/y.ts';"],
  ['room-sources', 'app/sources/b.ts', "import '../storage/store.ts';"],
  ['room-storage', 'app/storage/c.ts', "import '../sources/y.ts';"],
  ['room-observe', 'app/observe/c.ts', "import '../sources/y.ts';"],
  ['room-ingest', 'app/ingest/a.ts', "import '../observe/y.ts';"],
  [
    'room-storage',
    'app/storage/sqlite/file/c.ts',
    "import type { Y } from '../../../observe/y.ts';",
  ],
  ['room-ingest', 'app/ingest/c.ts', "import '../storage/admin.ts';"],
  ['room-observe', 'app/observe/a.ts', "import '../storage/admin.ts';"],
  ['room-http', 'app/http/a.ts', "import '../storage/open.ts';"],
  ['room-service', 'app/service.ts', "import './cli/y.ts';"],
  ['room-main', 'app/main.ts', "import './storage/open.ts';"],
  ['room-cli', 'app/cli/a.ts', "import '../http/y.ts';"],
  ['room-cli', 'app/cli/c.ts', "await import('../storage/sqlite/admin.ts');"],
  ['storage-by-its-entrances', 'app/cli/c.ts', "await import('../storage/sqlite/admin.ts');"],
  ['room-observe', 'app/observe/b.ts', "import '../storage/y.ts';"],
  ['storage-by-its-entrances', 'app/observe/b.ts', "import '../storage/y.ts';"],
  ['storage-by-its-entrances', 'tests/c.ts', "import type { Y } from '../app/storage/y.ts';"],
  ['storage-by-its-entrances', 'web/b.ts', "import type { Y } from '../app/storage/y.ts';"],
  ['ports-know-no-engine', 'app/storage/b.ts', "import type { Y } from './sqlite/file/y.ts';"],
  ['engines-enter-by-store-and-admin', 'app/storage/open.ts', "import './sqlite/file/y.ts';"],
  ['engines-open-nothing', 'app/storage/sqlite/file/a.ts', "import '../../open.ts';"],
  ['sqlite-file', 'app/storage/sqlite/file/b.ts', "import type { Y } from '../index/y.ts';"],
  ['sqlite-index', 'app/storage/sqlite/index/a.ts', "import '../write/y.ts';"],
  ['sqlite-index', 'app/storage/sqlite/index/b.ts', "import '../read/y.ts';"],
  ['sqlite-write', 'app/storage/sqlite/write/a.ts', "import '../read/y.ts';"],
  ['sqlite-read', 'app/storage/sqlite/read/a.ts', "import '../write/y.ts';"],
  ['sqlite-read', 'app/storage/sqlite/read/b.ts', "import '../maintenance/y.ts';"],
  ['sqlite-maintenance', 'app/storage/sqlite/maintenance/a.ts', "import '../store.ts';"],
  ['sqlite-store', 'app/storage/sqlite/store.ts', "import './maintenance/y.ts';"],
  ['sqlite-admin', 'app/storage/sqlite/admin.ts', "import './read/y.ts';"],
  ['every-file-of-sqlite-has-a-room', 'app/storage/sqlite/attic/a.ts', "import '../file/y.ts';"],
  ['every-file-has-a-room', 'app/attic/a.ts', "import '../model/y.ts';"],
  ['model-is-facts', 'app/model/b.ts', "import 'node:fs';"],
  ['model-is-facts', 'app/model/c.ts', "import 'pino';"],
  ['only-model-ingest-http-cli-imports-zod', 'app/storage/a.ts', "import 'zod';"],
  ['only-storage-imports-sqlite', 'app/cli/b.ts', "import 'node:sqlite';"],
  ['only-observe-imports-pino', 'app/model/c.ts', "import 'pino';"],
  ['only-cli-imports-commander', 'app/http/g.ts', "import 'commander';"],
  ['only-cli-imports-csv-parse', 'app/http/i.ts', "import 'csv-parse';"],
  ['only-observe-imports-prom-client', 'app/http/d.ts', "import 'prom-client';"],
  ['only-http-forward-imports-http', 'app/ingest/b.ts', "import 'node:http';"],
  ['what-ships-needs-nothing-else', 'app/http/h.ts', "import 'fast-check';"],
  ['suites-from-outside', 'tests/a.test.ts', "import '../app/http/y.ts';"],
  ['suites-from-outside', 'tests/faults/a.test.ts', "import '../../app/http/y.ts';"],
  ['suites-from-outside', 'tests/properties/a.test.ts', "import '../../app/http/y.ts';"],
  [
    'suites-take-no-types-of-the-model',
    'tests/b.ts',
    "import type { Y } from '../app/model/y.ts';",
  ],
  ['provider-tests-know-the-schemes', 'tests/sources/a.ts', "import '../../app/http/y.ts';"],
  ['contract-knows-no-engine', 'tests/contract/a.ts', "import '../../app/storage/y.ts';"],
  ['web-talks-to-the-public-api', 'web/a.ts', "import '../app/http/y.ts';"],
  ['no-cycle', 'app/http/b.ts', "import './b.ts';"],
  ['no-orphan', 'app/http/e.ts', ''],
  ['resolves', 'app/http/f.ts', "import './nowhere.ts';"],
];

const ALLOWED: readonly [file: string, source: string][] = [
  ['app/model/ok.ts', "import './y.ts'; import 'zod';"],
  ['app/sources/ok.ts', "import '../model/y.ts'; import 'node:crypto'; import 'node:zlib';"],
  ['app/config/ok.ts', "import '../model/y.ts'; import '../sources/y.ts';"],
  ['app/ingest/ok2.ts', "import '../sources/y.ts';"],
  ['app/ingest/ok.ts', "import '../model/y.ts'; import '../storage/store.ts'; import 'zod';"],
  ['app/storage/ok.ts', "import '../model/y.ts'; import 'node:sqlite';"],
  ['app/storage/store.ts', "import '../model/y.ts';"],
  ['app/storage/admin.ts', "import './store.ts';"],
  ['app/storage/sqlite/file/ok.ts', "import '../../store.ts'; import '../../admin.ts';"],
  ['app/storage/sqlite/file/ok2.ts', "import '../../../sync-directory.ts';"],
  ['app/storage/sqlite/index/ok.ts', "import '../file/y.ts'; import '../../../model/y.ts';"],
  ['app/storage/sqlite/write/ok.ts', "import '../file/y.ts'; import '../index/y.ts';"],
  ['app/storage/sqlite/read/ok.ts', "import '../file/y.ts'; import '../index/y.ts';"],
  [
    'app/storage/sqlite/maintenance/ok.ts',
    "import '../file/y.ts'; import '../index/y.ts'; import '../write/y.ts'; import '../read/y.ts';",
  ],
  [
    'app/observe/ok.ts',
    "import '../model/y.ts'; import '../storage/store.ts'; import 'pino'; import 'prom-client';",
  ],
  ['app/http/ok.ts', "import '../ingest/y.ts'; import '../storage/store.ts'; import 'node:http';"],
  ['app/service/ok.ts', "import '../storage/open.ts'; import '../storage/store.ts';"],
  [
    'app/cli/ok.ts',
    "import '../storage/open.ts'; import '../storage/admin.ts'; import '../ingest/y.ts'; import 'commander';",
  ],
  ['tests/ok.test.ts', "import type { Y } from '../app/http/y.ts';"],
  ['tests/sources/ok.test.ts', "import '../../app/sources/y.ts'; import '../../app/model/y.ts';"],
  ['tests/unit/ok.test.ts', "import '../../app/model/y.ts';"],
  [
    'tests/contract/ok.test.ts',
    "import '../../app/model/y.ts'; import '../../app/storage/admin.ts';",
  ],
  ['web/ok.ts', "import type { Y } from '../app/http/y.ts';"],
];

describe('the layer check', () => {
  it('reads every file, and what each one imports', async () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: { layers: string };
    };
    // The very arguments of `npm run layers`: a check of other files would prove nothing.
    const [, ...args] = scripts.layers.replaceAll('"', '').split(' ');
    const { modules } = await cruise(ROOT, args);
    const inTree = (path: string): boolean =>
      /^(app|bench|scripts|tests|web)\/(?!node_modules\/).*\.(ts|tsx|mjs)$/.test(path);
    assert.deepEqual(
      modules
        .map(({ source }) => source)
        .filter(inTree)
        .toSorted(),
      globSync('{app,bench,scripts,tests,web}/**/*.{ts,tsx,mjs}', {
        cwd: ROOT,
        exclude: ['{tests,web}/node_modules/**'],
      }).toSorted(),
    );
    const unread = modules.filter(
      ({ source, dependencies }) =>
        inTree(source) &&
        dependencies.length === 0 &&
        /^(import|export) .* from '/m.test(readFileSync(join(ROOT, source), 'utf8')),
    );
    assert.deepEqual(
      unread.map(({ source }) => source),
      [],
    );
  });

  it('refuses what crosses a line, and nothing else', async (t) => {
    const directory = temporaryDirectory(t);
    for (const name of ['package.json', 'tsconfig.json'])
      copyFileSync(join(ROOT, name), join(directory, name));
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'), 'junction');
    const write = (path: string, source: string): void => {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), `${source}\nexport type Y = 1;\n`);
    };
    for (const room of ['model', 'sources', 'ingest', 'storage', 'observe', 'http', 'cli'])
      write(`app/${room}/y.ts`, '');
    for (const room of ['file', 'index', 'write', 'read', 'maintenance'])
      write(`app/storage/sqlite/${room}/y.ts`, '');
    for (const [, path, source] of REFUSED) write(path, source);
    for (const [path, source] of ALLOWED) write(path, source);

    const { summary } = await cruise(directory, ['--config', CONFIG, '{app,tests,web}/**/*.ts']);
    const found = summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`);
    assert.deepEqual(
      [...new Set(found)].toSorted(),
      REFUSED.map(([rule, path]) => `${rule}: ${path}`).toSorted(),
    );
  });
});
