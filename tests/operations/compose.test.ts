// docker-compose.monitoring.yml: what it mounts is there, its versions are fixed, and nothing of it is open to the network.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): unknown => parse(readFileSync(join(ROOT, path), 'utf8'));

interface Compose {
  services: Record<
    string,
    {
      image?: string;
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
