// docs/reference/metrics.md against scrapes of running services, one for each engine: names, types and labels, in both directions.
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { parseExposition } from '../support/exposition.ts';
import type { Family } from '../support/exposition.ts';
import { codeIn, page, tableOf } from '../support/markdown.ts';
import { message } from '../support/message.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { startService } from '../support/service.ts';
import type { Environment } from '../support/service.ts';

type Engine = 'SQLite' | 'PostgreSQL';

/** A destination that is not there. */
const FORWARDS: Environment = {
  FORWARDS: 'app',
  FORWARD_APP_URL: 'http://127.0.0.1:9/',
  FORWARD_APP_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
};

async function scrapeOf(env: Environment): Promise<Map<string, Family>> {
  const service = await startService({ after }, { env: { ...FORWARDS, ...env } });
  await service.store(message());
  await service.get('/messages');
  return parseExposition((await service.get('/metrics')).text);
}

const scrapes: Readonly<Record<Engine, Map<string, Family>>> = {
  SQLite: await scrapeOf({ DATABASE_URL: 'sqlite:///app.db' }),
  PostgreSQL: await scrapeOf({ DATABASE_URL: await postgresDatabase({ after }) }),
};

/** The labels of a family's samples; those of a histogram's buckets beside their bound. */
function labelsOf(family: Family): string {
  const names = family.samples.flatMap(({ labels }) => Object.keys(labels));
  return [...new Set(names)]
    .filter((name) => family.type !== 'histogram' || name !== 'le')
    .toSorted()
    .join();
}

for (const [engine, scrape] of Object.entries(scrapes))
  it(`the page has exactly the metrics of a service with ${engine}, beside those of the process`, () => {
    const told = tableOf(page('docs/reference/metrics.md'), 'metric')
      .filter(({ engine: of = '' }) => ['', engine].includes(of))
      .map(
        ({ metric, type, labels = '' }) =>
          `${metric} ${type} {${codeIn(labels).toSorted().join()}}`,
      );
    const shown = [...scrape.values()]
      .filter(({ name }) => !/^(process|nodejs)_/.test(name))
      .map((family) => `${family.name} ${family.type} {${labelsOf(family)}}`);
    assert.deepEqual(told.toSorted(), shown.toSorted());
  });

it('the page names every engine as it is called here', () => {
  const engines = tableOf(page('docs/reference/metrics.md'), 'metric').map(({ engine }) => engine);
  assert.deepEqual(new Set(engines), new Set(['', ...Object.keys(scrapes)]));
});

it('the README names only metrics that there are, and the three that are promised', () => {
  const named = tableOf(page('README.md'), 'metric').map(({ metric = '' }) => metric);
  assert.deepEqual(
    named.filter((name) => !scrapes.SQLite.has(name)),
    [],
  );
  for (const name of ['http_requests_total', 'webhook_requests_total', 'request_latency_ms'])
    assert.ok(named.includes(name), name);
});
