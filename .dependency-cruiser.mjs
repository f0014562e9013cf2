// The layer table of the project as rules for dependency-cruiser: `npm run layers`.

/** What each room of app/ may import from the others, beside itself. A room is a folder or one file. */
const ROOMS = {
  model: [],
  config: [],
  ingest: ['model'],
  query: ['model'],
  storage: ['model'],
  observe: ['model'],
  http: ['ingest', 'query', 'observe', 'model'],
  service: ['model', 'config', 'ingest', 'query', 'storage', 'observe', 'http'],
  main: ['service', 'config'],
  // The command `serve` is the process; `send` signs as `ingest` verifies, and `import` decodes as it does.
  cli: ['main', 'config', 'storage', 'ingest', 'model'],
};

/** Packages and Node modules that belong to certain rooms. */
const OWNED = {
  commander: ['cli'],
  'csv-parse': ['cli'],
  pino: ['observe'],
  'prom-client': ['observe'],
  zod: ['model', 'ingest', 'query', 'http'],
  'node:sqlite': ['storage'],
  'node:http': ['http'],
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
    ...ownerRules,
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
        'Only tests/unit and tests/properties look inside; tests/tidy and tests/reference read the lists that pages repeat.',
      severity: 'error',
      from: { path: '^tests/', pathNot: '^tests/(unit/|properties/|reference/|tidy\\.test\\.ts$)' },
      to: { path: '^app/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'suites-take-no-types-of-the-model',
      comment: 'What a user sees is written in the tests themselves.',
      severity: 'error',
      from: { path: '^tests/', pathNot: '^tests/(unit|properties)/' },
      to: { path: '^app/model/' },
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
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.json'],
    },
  },
};
