// The layer table of the project as rules for dependency-cruiser: `npm run layers`.

/** What each room of app/ may import from the others, beside itself. A room is a folder or one file. */
const ROOMS = {
  model: [],
  'sync-directory': [],
  version: [],
  sources: ['model'],
  config: ['model', 'sources'],
  ingest: ['model', 'sources', 'storage/store'],
  storage: ['model', 'sync-directory'],
  forward: ['model', 'version', 'storage/store', 'storage/item-json'],
  observe: ['model', 'storage/store', 'forward/observer', 'forward/behind'],
  http: ['forward', 'ingest', 'observe', 'sources', 'model', 'storage/store'],
  service: [
    'model',
    'sources',
    'config',
    'forward',
    'ingest',
    'observe',
    'http',
    'storage/open',
    'storage/store',
  ],
  main: ['service', 'config', 'model'],
  // The command `serve` is the process; `send` signs as `ingest` and the schemes verify, and `import` decodes as they do.
  cli: [
    'main',
    'config',
    'ingest',
    'sources',
    'model',
    'storage/open',
    'storage/store',
    'storage/admin',
    'storage/archive',
    'storage/migration',
    'sync-directory',
    'version',
  ],
};

/** The files by which the rest of the program enters app/storage: the ports, and what opens an engine behind them. */
const STORAGE_ENTRANCES = '^app/storage/(open|store|item-json|admin|archive|migration)\\.ts$';

/** What each room of an engine may import, beside itself. Only open.ts imports an engine, and an engine imports what every one needs. */
const SQLITE_ROOMS = {
  file: [],
  index: ['file'],
  write: ['index', 'file'],
  read: ['index', 'file'],
  maintenance: ['read', 'write', 'index', 'file'],
  forward: ['read', 'write', 'file'],
  store: ['forward', 'read', 'write', 'index', 'file'],
  admin: ['maintenance'],
};

/** The same for the PostgreSQL engine. */
const POSTGRES_ROOMS = {
  database: [],
  index: ['database'],
  write: ['index', 'database'],
  read: ['index', 'database'],
  forward: ['read', 'write', 'index', 'database'],
  maintenance: ['forward', 'read', 'write', 'index', 'database'],
  store: ['forward', 'read', 'write', 'index', 'database'],
  admin: ['maintenance'],
};

/** Packages and Node modules that belong to certain rooms. */
const OWNED = {
  commander: ['cli'],
  'csv-parse': ['cli'],
  pg: ['storage'],
  pino: ['observe'],
  'prom-client': ['observe'],
  zod: ['model', 'ingest', 'http', 'cli'],
  'node:sqlite': ['storage'],
  'node:http': ['http', 'forward'],
  'node:https': ['forward'],
};

/**
 * The path that dependency-cruiser gives a package, or a module of Node with or without its prefix.
 * @param {string} name
 */
const origin = (name) =>
  name.startsWith('node:')
    ? `^(node:)?${name.slice('node:'.length)}$`
    : `(^|node_modules/)${name}(/|$)`;

/**
 * The path of a file in one of these rooms.
 * @param {string[]} names
 */
const room = (names) => `^app/(${names.join('|')})(/|\\.ts$)`;

const roomRules = Object.entries(ROOMS).map(([name, others]) => ({
  name: `room-${name}`,
  comment: `app/${name} may import ${others.length ? others.join(', ') : 'nothing'} beside itself.`,
  severity: 'error',
  from: { path: room([name]) },
  to: { path: '^(app|tests|bench|scripts|web)/', pathNot: room([name, ...others]) },
}));

/**
 * The path of a file in one of these rooms of an engine.
 * @param {string} engine
 * @param {string[]} names
 */
const engineRoom = (engine, names) => `^app/storage/${engine}/(${names.join('|')})(/|\\.ts$)`;

/**
 * The table of an engine as rules.
 * @param {string} engine
 * @param {Record<string, string[]>} rooms
 */
const engineRules = (engine, rooms) => [
  ...Object.entries(rooms).map(([name, others]) => ({
    name: `${engine}-${name}`,
    comment: `app/storage/${engine}/${name} may import ${others.length ? others.join(', ') : 'no room'} beside itself and the ports.`,
    severity: 'error',
    from: { path: engineRoom(engine, [name]) },
    to: { path: '^app/storage/[^/]+/', pathNot: engineRoom(engine, [name, ...others]) },
  })),
  {
    name: `every-file-of-${engine}-has-a-room`,
    comment: `A new folder of app/storage/${engine} needs a line in the table above.`,
    severity: 'error',
    from: { path: `^app/storage/${engine}/`, pathNot: engineRoom(engine, Object.keys(rooms)) },
    to: {},
  },
];

const ownerRules = Object.entries(OWNED).map(([name, owners]) => ({
  name: `only-${owners.join('-')}-imports-${name.replace('node:', '')}`,
  comment: `In app/, ${name} belongs to ${owners.join(', ')}.`,
  severity: 'error',
  from: { path: '^app/', pathNot: room(owners) },
  to: { path: origin(name) },
}));

export default {
  forbidden: [
    ...roomRules,
    ...engineRules('sqlite', SQLITE_ROOMS),
    ...engineRules('postgres', POSTGRES_ROOMS),
    ...ownerRules,
    {
      name: 'storage-by-its-entrances',
      comment:
        'Outside of app/storage only its ports and open.ts are known. Tests of its parts and benchmarks look inside.',
      severity: 'error',
      from: { pathNot: '^(app/storage|bench|tests/unit|tests/contract)/' },
      to: { path: '^app/storage/', pathNot: STORAGE_ENTRANCES },
    },
    {
      name: 'ports-know-no-engine',
      comment:
        'What every engine shares imports none of them; open.ts alone knows which there are.',
      severity: 'error',
      from: { path: '^app/storage/[^/]+\\.ts$', pathNot: '^app/storage/open\\.ts$' },
      to: { path: '^app/storage/.+/' },
    },
    {
      name: 'engines-enter-by-store-and-admin',
      comment: 'open.ts needs of an engine what implements the two ports.',
      severity: 'error',
      from: { path: '^app/storage/open\\.ts$' },
      to: { path: '^app/storage/.+/', pathNot: '^app/storage/[^/]+/(store|admin)\\.ts$' },
    },
    {
      name: 'engines-open-nothing',
      comment: 'An engine implements the ports; open.ts is for those who use them.',
      severity: 'error',
      from: { path: '^app/storage/.+/' },
      to: { path: '^app/storage/open\\.ts$' },
    },
    {
      name: 'every-file-has-a-room',
      comment: 'A new folder of app/ needs a line in the table above.',
      severity: 'error',
      from: { path: '^app/', pathNot: room(Object.keys(ROOMS)) },
      to: {},
    },
    {
      name: 'model-is-facts',
      comment:
        'The model does no I/O: it needs no module of Node, and no package but the one for schemas.',
      severity: 'error',
      from: { path: room(['model']) },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'],
        pathNot: origin('zod'),
      },
    },
    {
      name: 'web-talks-to-the-public-api',
      comment: 'The dashboard may take types of the API, and nothing that runs.',
      severity: 'error',
      from: { path: '^web/' },
      to: { path: '^(app|tests|bench|scripts)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'suites-from-outside',
      comment:
        'These tests speak to the service as its users do, so that they outlive a rewrite of it. ' +
        'Only tests/unit and tests/contract look inside; tests/reference reads the lists that pages repeat, and tests/sources the schemes.',
      severity: 'error',
      from: {
        path: '^tests/',
        pathNot: '^tests/(unit|contract|reference|sources)/',
      },
      to: { path: '^app/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'suites-take-no-types-of-the-model',
      comment: 'What a user sees is written in the tests themselves.',
      severity: 'error',
      from: { path: '^tests/', pathNot: '^tests/(unit|contract|sources)/' },
      to: { path: '^app/model/' },
    },
    {
      name: 'provider-tests-know-the-schemes',
      comment: 'They sign as providers do, and see no other part of the service from inside.',
      severity: 'error',
      from: { path: '^tests/sources/' },
      to: { path: '^app/', pathNot: '^app/(model|sources)/' },
    },
    {
      name: 'contract-knows-no-engine',
      comment: 'The suite that every engine is held to sees what the rest of the program sees.',
      severity: 'error',
      from: { path: '^tests/contract/' },
      to: {
        path: '^app/',
        pathNot: '^app/(model/|storage/(store|admin|archive|migration|open)\\.ts$)',
      },
    },
    {
      name: 'what-ships-needs-nothing-else',
      comment: 'The image holds app/ and the production dependencies only.',
      severity: 'error',
      from: { path: '^app/' },
      to: {
        dependencyTypes: [
          'npm-dev',
          'npm-optional',
          'npm-peer',
          'npm-bundled',
          'npm-no-pkg',
          'npm-unknown',
          'deprecated',
        ],
      },
    },
    {
      name: 'no-cycle',
      comment: 'No circle, types included.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphan',
      comment: 'A file that imports nothing and that nothing imports is dead.',
      severity: 'error',
      from: { orphan: true, pathNot: '\\.d\\.ts$' },
      to: {},
    },
    {
      name: 'resolves',
      comment: 'Each import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // The packages of the tests lie in a folder that is searched for files of ours; some come with their sources.
    exclude: { path: '^tests/node_modules/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.json'],
    },
  },
};
