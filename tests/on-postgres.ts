// Prints the tests that run a second time with PostgreSQL behind the service: all from outside, but for those named here.
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Tests that tell nothing new on another engine, by the reason. What is new runs on both engines until it is named. */
const ONCE = {
  'starts no service, or none that stores anything': [
    'config',
    'config-refused',
    'config-unknown',
    'container',
    'install',
    'layers',
    'leftovers',
    'npm-package',
    'packages',
    'pages',
    'readme',
    'sbom',
    'sources/events',
    'sources/github-oracle',
    'sources/hmac-settings',
    'sources/insertions',
    'sources/instants',
    'sources/meta',
    'sources/meta-items',
    'sources/provider-pages',
    'sources/raw-json',
    'sources/secrets',
    'sources/signature-faults',
    'sources/signatures',
    'sources/standard-oracle',
    'sources/stripe-oracle',
    'sources/twilio',
    'sources/twilio-items',
    'sources/twilio-url',
    'start-impossible',
    'tidy',
  ],
  'is about the files, locks and threads of SQLite': [
    'disk-full',
    'forward/disk-full',
    'properties/restore-stream',
    'secrecy',
    'storage',
    'unavailable-reads',
    'unavailable-reasons',
  ],
  'forwards alike whatever the engine, or waits long for leases where it is killed (forward/replicas kills there)':
    [
      'forward/hostile',
      'forward/https',
      'forward/killed',
      'forward/misbehaving',
      'forward/page',
      'forward/providers',
      'forward/replicas',
      'forward/sample',
    ],
  'ends before a message reaches the store': [
    'base-path',
    'connections',
    'dashboard-rows',
    'http-framing',
    'logs-no-reader',
    'logs-slow-reader',
    'metrics-labels',
    'properties/openapi',
    'secret-rotation',
    'sockets',
    'sources/http/bodies',
    'sources/http/confusion',
    'sources/http/hints',
    'sources/http/paths',
    'sources/http/requests',
    'sources/http/rotation',
    'sources/reads-heavy',
    'sources/reads-parameters',
  ],
};

const once = Object.values(ONCE).flatMap((names) => names.map((name) => `tests/${name}.test.ts`));
const gone = once.filter((path) => !existsSync(join(ROOT, path)));
if (gone.length > 0) throw new Error(`named here, and not there: ${gone.join(', ')}`);
const both = globSync(
  ['tests/{,forward/,properties/,sources/,sources/http/}*.test.ts', 'tests/cli/replay.test.ts'],
  { cwd: ROOT },
)
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => !once.includes(path))
  .toSorted();
process.stdout.write(`${both.join('\n')}\n`);
