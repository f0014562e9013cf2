// The compose files beside the main one: what they mount is there, versions are fixed, and only what must be open is.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { oncebox } from '../cli/oncebox.ts';
import { blocksOf, page, sectionsOf, tableOf } from '../support/markdown.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): unknown =>
  parse(readFileSync(join(ROOT, path), 'utf8'), { merge: true });

interface Compose {
  services: Record<
    string,
    {
      image?: string;
      build?: string;
      environment?: Record<string, string | null>;
      depends_on?: Record<string, { condition: string }> | string[];
      healthcheck?: { test: string[] };
      read_only?: boolean;
      cap_drop?: string[];
      profiles?: string[];
      ports?: string[];
      volumes?: string[];
      secrets?: { source: string; target: string }[];
    }
  >;
  secrets?: Record<string, unknown>;
  volumes?: Record<string, unknown>;
}

const monitoring = read('docker-compose.monitoring.yml') as Compose;
const main = read('docker-compose.yml') as Compose;
const services = Object.entries(monitoring.services);

describe('the monitoring profile', () => {
  it('leaves the service of the main file as it is', () => {
    assert.deepEqual(Object.keys(main.services), ['api']);
    assert.deepEqual(Object.keys(monitoring.services).toSorted(), ['grafana', 'prometheus']);
    for (const [, { profiles }] of services) assert.deepEqual(profiles, ['monitoring']);
  });

  it('names exact versions, and publishes to this machine only', () => {
    for (const [name, { image = '', ports = [] }] of services) {
      assert.match(image, /^[\w./-]+:v?\d+\.\d+\.\d+$/, name);
      assert.ok(ports.length > 0 && ports.every((port) => port.startsWith('127.0.0.1:')), name);
    }
  });

  it('mounts files that are there, read-only, and volumes that it declares', () => {
    for (const [name, { volumes = [] }] of services)
      for (const volume of volumes) {
        const [source = '', , mode] = volume.split(':');
        if (!source.startsWith('./')) assert.ok(source in (monitoring.volumes ?? {}), volume);
        else assert.ok(existsSync(join(ROOT, source)) && mode === 'ro', `${name}: ${volume}`);
      }
  });

  it('gives Prometheus what its file asks for: the rules, the token, the service by its name', () => {
    const config = read('deploy/prometheus/prometheus.yml') as {
      rule_files: string[];
      scrape_configs: {
        authorization: { credentials_file: string };
        static_configs: { targets: string[] }[];
      }[];
    };
    const { volumes = [], secrets = [] } = monitoring.services['prometheus'] ?? {};
    const places = [
      ...volumes.map((volume) => volume.split(':')[1]),
      ...secrets.map(({ target }) => target),
    ];
    const [scrape] = config.scrape_configs;
    for (const file of [...config.rule_files, scrape?.authorization.credentials_file ?? ''])
      assert.ok(places.includes(`/etc/prometheus/${file}`), file);
    for (const { source } of secrets) assert.ok(source in (monitoring.secrets ?? {}));
    assert.deepEqual(scrape?.static_configs[0]?.targets, ['api:8000']);
  });

  it('gives Grafana the data source and the board', () => {
    const { datasources } = read('deploy/grafana/datasource.yml') as {
      datasources: { url: string; type: string }[];
    };
    assert.deepEqual(
      datasources.map(({ type, url }) => [type, url]),
      [['prometheus', 'http://prometheus:9090']],
    );
    const { providers } = read('deploy/grafana/dashboards.yml') as {
      providers: { options: { path: string } }[];
    };
    const places = monitoring.services['grafana']?.volumes?.map((volume) => volume.split(':')[1]);
    assert.ok(places?.includes(`${providers[0]?.options.path}/oncebox.json`));
  });
});

describe('the override in docs/forwarding.md', () => {
  const blocks = blocksOf(sectionsOf(page('docs/forwarding.md')).get('With Docker Compose') ?? '');
  const textOf = (wanted: string): string =>
    blocks.find(({ language }) => language === wanted)?.text ?? '';
  const override = parse(textOf('yaml')) as Record<string, Record<string, object>>;
  const pairs = textOf('ini').matchAll(/^([A-Z_]+)=(.+)$/gm);
  const file = Object.fromEntries([...pairs].map(([, name = '', value = '']) => [name, value]));

  /** As Compose makes it: what the main file says, with the variables of `.env` in it, goes before what is in `env_file`. */
  function environment(): Record<string, string> {
    const own = Object.entries(main.services['api']?.environment ?? {}).flatMap(([name, text]) => {
      const [, variable, otherwise = ''] = /^\$\{(\w+):-(.*)\}$/.exec(text ?? '') ?? [];
      const value = text === null ? file[name] : (file[variable ?? ''] ?? otherwise);
      return value === undefined ? [] : [[name, value] as const];
    });
    return { ...file, ...Object.fromEntries(own) };
  }

  it('adds to the service of the main file nothing but the settings in .env, and a name for the machine', () => {
    assert.deepEqual(override, {
      services: { api: { env_file: '.env', extra_hosts: ['host.docker.internal:host-gateway'] } },
    });
    assert.match(readFileSync(join(ROOT, '.gitignore'), 'utf8'), /^\.env$/m);
    assert.match(readFileSync(join(ROOT, 'Makefile'), 'utf8'), /docker compose up/);
  });

  it('has every setting of .env arrive as it stands there, and Oncebox takes them', async (t) => {
    const env = environment();
    assert.ok(Object.keys(file).some((name) => name.startsWith('FORWARD_')));
    for (const [name, value] of Object.entries(file)) assert.equal(env[name], value, name);
    const { code, stderr } = await oncebox(t, ['config', '--check'], { env });
    assert.equal(code, 0, stderr);
  });
});

describe('the compose file of deploy/postgres', () => {
  const folder = 'deploy/postgres';
  const file = read(`${folder}/docker-compose.yml`) as Compose;
  const replicas = Object.entries(file.services).filter(([name]) => name.startsWith('replica-'));
  const { postgres, proxy } = file.services;

  it('has PostgreSQL, two replicas that are the same, and a proxy, which alone is open', () => {
    const names = Object.keys(file.services).toSorted();
    assert.deepEqual(names, ['postgres', 'proxy', 'replica-1', 'replica-2']);
    assert.deepEqual(replicas[0]?.[1], replicas[1]?.[1]);
    for (const [name, { ports = [] }] of Object.entries(file.services))
      assert.equal(ports.length > 0, name === 'proxy', name);
    assert.match(proxy?.image ?? '', /^caddy:\d+\.\d+\.\d+$/);
    assert.match(postgres?.image ?? '', /^postgres:\d+\.\d+$/);
  });

  it('leaves the main file to SQLite', () => {
    assert.match(String(main.services['api']?.environment?.['DATABASE_URL']), /sqlite:/);
    assert.deepEqual(main.services['api']?.cap_drop, replicas[0]?.[1].cap_drop);
  });

  it('gives the replicas settings that there are, and a URL that Oncebox takes', async (t) => {
    const rows = tableOf(page('docs/reference/settings.md'), 'variable');
    const settings = new Set(rows.map(({ variable }) => variable));
    const { environment = {}, read_only: readOnly } = replicas[0]?.[1] ?? {};
    assert.equal(readOnly, true);
    for (const name of Object.keys(environment)) assert.ok(settings.has(name), name);
    const url = environment['DATABASE_URL']?.replace(/\$\{ONCEBOX_DB_PASSWORD:\?[^}]*\}/, 'aB-_9');
    const { code, stderr } = await oncebox(t, ['config', '--check'], {
      env: { DATABASE_URL: url },
    });
    assert.equal(code, 0, stderr);
    const { hostname, pathname, username } = new URL(String(url));
    assert.deepEqual([hostname, pathname, username], ['postgres', '/oncebox', 'oncebox']);
  });

  it('starts the replicas when their database is there, which its role can connect to', () => {
    for (const [, { depends_on: before }] of replicas)
      assert.deepEqual(before, { postgres: { condition: 'service_healthy' } });
    const { test = [] } = postgres?.healthcheck ?? {};
    assert.deepEqual(test.slice(0, 2), ['CMD', 'pg_isready']);
    assert.ok(test.join(' ').includes('-h 127.0.0.1 -U oncebox -d oncebox'));
    assert.ok('ONCEBOX_DB_PASSWORD' in (postgres?.environment ?? {}));
  });

  it('mounts files that are there, read-only, and volumes that it declares', () => {
    for (const { volumes = [] } of Object.values(file.services))
      for (const volume of volumes) {
        const [source = '', , mode] = volume.split(':');
        if (!source.startsWith('.')) assert.ok(source in (file.volumes ?? {}), volume);
        else assert.ok(existsSync(join(ROOT, folder, source)) && mode === 'ro', volume);
      }
    for (const [name, { build }] of replicas)
      assert.ok(existsSync(join(ROOT, folder, build ?? '', 'Dockerfile')), name);
  });

  it('has Caddy ask each replica for what it stands in front of', () => {
    const caddyfile = readFileSync(join(ROOT, 'deploy/caddy/Caddyfile'), 'utf8');
    const known = [...caddyfile.matchAll(/\{\$(\w+)/g)].map(([, name = '']) => name);
    assert.deepEqual(Object.keys(proxy?.environment ?? {}).toSorted(), known.toSorted());
    const addresses = replicas.map(([name]) => `${name}:8000`);
    assert.equal(proxy?.environment?.['ONCEBOX_ADDRESS'], addresses.join(' '));
  });
});
