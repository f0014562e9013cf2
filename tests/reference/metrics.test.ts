// docs/reference/metrics.md against a scrape of the running service: names, types and labels, in both directions.
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { parseExposition } from '../support/exposition.ts';
import type { Family } from '../support/exposition.ts';
import { codeIn, page, tableOf } from '../support/markdown.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';

const service = await startService({ after });
await service.store(message());
await service.get('/messages');
const scrape = parseExposition((await service.get('/metrics')).text);
const families = [...scrape.values()];

/** The labels of a family's samples; those of a histogram's buckets beside their bound. */
function labelsOf(family: Family): string {
  const names = family.samples.flatMap(({ labels }) => Object.keys(labels));
  return [...new Set(names)]
    .filter((name) => family.type !== 'histogram' || name !== 'le')
    .toSorted()
    .join();
}

it('the page has exactly the metrics of the service, beside those of the process', () => {
  const told = tableOf(page('docs/reference/metrics.md'), 'metric').map(
    ({ metric, type, labels = '' }) => `${metric} ${type} {${codeIn(labels).toSorted().join()}}`,
  );
  const shown = families
    .filter(({ name }) => !/^(process|nodejs)_/.test(name))
    .map((family) => `${family.name} ${family.type} {${labelsOf(family)}}`);
  assert.deepEqual(told.toSorted(), shown.toSorted());
});

it('the README names only metrics that there are, and the three that are promised', () => {
  const named = tableOf(page('README.md'), 'metric').map(({ metric = '' }) => metric);
  assert.deepEqual(
    named.filter((name) => !scrape.has(name)),
    [],
  );
  for (const name of ['http_requests_total', 'webhook_requests_total', 'request_latency_ms'])
    assert.ok(named.includes(name), name);
});
