// The labels of GET /metrics: their values are few and fixed, whatever comes in, and no input breaks the exposition.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { parseExposition, samplesOf, valueOf } from './support/exposition.ts';
import type { Family } from './support/exposition.ts';
import { startService } from './support/service.ts';
import type { Service } from './support/service.ts';
import { head, openWire, webhookBytes } from './support/wire.ts';

const ROUTES = ['/webhook', '/messages', '/stats', '/health/live', '/health/ready', '/metrics'];
const service = await startService({ after });

async function scrape(from: Service = service): Promise<Map<string, Family>> {
  const answer = await from.get('/metrics');
  assert.equal(answer.status, 200);
  return parseExposition(answer.text);
}

describe('label values', () => {
  const pathsIn = (families: Map<string, Family>): string[] => [
    ...new Set(
      samplesOf(families, 'http_requests_total').map((sample) => sample.labels['path'] ?? ''),
    ),
  ];

  it('200 unknown paths share one', async (t) => {
    const fresh = await startService(t);
    for (let index = 0; index < 200; index += 1)
      assert.equal((await fresh.get(`/unknown/${index}`)).status, 404);
    const unknown = pathsIn(await scrape(fresh)).filter((path) => !ROUTES.includes(path));
    assert.equal(unknown.length, 1);
    const counted = valueOf(await scrape(fresh), 'http_requests_total', {
      path: unknown[0] ?? '',
      status: '404',
      method: 'GET',
    });
    assert.equal(counted, 200);
  });

  it('no path breaks the exposition or gets into it', async (t) => {
    const fresh = await startService(t);
    const odd = [
      '/"',
      '/a"b',
      '/\\',
      '/\\n',
      '/%0A',
      '/%22',
      '/{}',
      '/é',
      '/%',
      '/%zz',
      '//',
      '/..',
      '/.',
      '/webhook/',
      '/webhook"',
      '/messages%00',
      `/${'a'.repeat(8000)}`,
      '*',
    ];
    for (const path of odd) {
      const wire = await openWire(t, fresh.port);
      wire.write(head('GET', path, [['Connection', 'close']]));
      await wire.answer();
      await wire.close();
    }
    const unknown = pathsIn(await scrape(fresh)).filter((path) => !ROUTES.includes(path));
    assert.ok(unknown.length <= 1, unknown.join());
  });

  it('requests with ids and queries of every kind leave one series a route, method and status', async () => {
    await service.get('/messages?limit=abc');
    await service.get('/messages?limit=abcd');
    for (let index = 0; index < 20; index += 1)
      await service.send({
        path: `/messages?q=${index}&x=${index}`,
        headers: { 'X-Request-ID': `id-${index}`, 'User-Agent': `agent ${index}` },
      });
    const series = samplesOf(await scrape(), 'http_requests_total').filter(
      ({ labels }) => labels['path'] === '/messages' && labels['method'] === 'GET',
    );
    assert.deepEqual(series.map((sample) => sample.labels['status'] ?? '').toSorted(), [
      '200',
      '422',
    ]);
  });

  it('methods that nobody uses here make no endless set', async (t) => {
    const fresh = await startService(t);
    const methods = [
      'PUT',
      'DELETE',
      'PATCH',
      'OPTIONS',
      'PROPFIND',
      'MKCOL',
      'LOCK',
      'SEARCH',
      'REPORT',
      'BREW',
      'get',
      'X'.repeat(100),
    ];
    for (const method of methods) {
      const wire = await openWire(t, fresh.port);
      wire.write(head(method, '/stats', [['Connection', 'close']]));
      await wire.answer();
      await wire.close();
    }
    const seen = new Set(
      samplesOf(await scrape(fresh), 'http_requests_total').map(
        (sample) => sample.labels['method'] ?? '',
      ),
    );
    assert.ok(
      [...seen].every((method) => /^[A-Z_-]{1,20}$/.test(method)),
      [...seen].join(),
    );
    assert.ok(!seen.has('BREW') && !seen.has('X'.repeat(100)));
  });

  it('a request that was broken off leaves the exposition whole', async (t) => {
    const wire = await openWire(t, service.port);
    wire.write(webhookBytes(Buffer.from('{"message_id":'), ['x"\\']).subarray(0, -5));
    wire.destroy();
    await service.output.line('the aborted request', (line) => line.status === 499);
    parseExposition((await service.get('/metrics')).text);
  });
});
