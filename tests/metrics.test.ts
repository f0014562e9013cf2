// GET /metrics: the text format to the letter, the promised names and labels, and numbers that count what happened.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, describe, it } from 'node:test';
import { programFor } from './support/debian.ts';
import { parseExposition, samplesOf, valueOf } from './support/exposition.ts';
import type { Family } from './support/exposition.ts';
import { ENGINE } from './support/engine.ts';
import { message } from './support/message.ts';
import { startService } from './support/service.ts';
import type { Service } from './support/service.ts';

const RESULTS = [
  'created',
  'duplicate',
  'invalid_signature',
  'payload_too_large',
  'unavailable',
  'validation_error',
];
const service = await startService({ after });

async function scrape(from: Service = service): Promise<Map<string, Family>> {
  const answer = await from.get('/metrics');
  assert.equal(answer.status, 200);
  return parseExposition(answer.text);
}

/** How much each sample of `name` with these labels grew while `act` ran. */
async function growth(
  name: string,
  labels: Record<string, string>,
  act: () => Promise<unknown>,
): Promise<number> {
  const before = valueOf(await scrape(), name, labels);
  await act();
  return valueOf(await scrape(), name, labels) - before;
}

describe('the exposition', () => {
  it('is declared as text format 0.0.4 and keeps to it', async () => {
    const answer = await service.get('/metrics');
    assert.match(
      answer.headers['content-type'] ?? '',
      /^text\/plain; version=0\.0\.4(; charset=utf-8)?$/,
    );
    assert.ok(parseExposition(answer.text).size > 10);
  });

  it('begins with what is asked for most, so that `head` shows it', async () => {
    for (const answer of [
      await (await startService({ after })).get('/metrics'),
      await service.get('/metrics'),
    ]) {
      const names = [...parseExposition(answer.text).keys()];
      assert.deepEqual(names.slice(0, 2), ['webhook_requests_total', 'http_requests_total']);
      const top = answer.text.split('\n').slice(0, 10).join('\n');
      for (const name of names.slice(0, 2)) assert.match(top, new RegExp(`^# HELP ${name} `, 'm'));
    }
  });

  it('passes promtool check metrics but for the unit that the given name brings', async (t) => {
    const promtool = programFor(t, 'promtool');
    if (promtool === undefined) return;
    const answer = await service.get('/metrics');
    const run = spawnSync(promtool.path, ['check', 'metrics'], {
      env: { ...process.env, ...promtool.env },
      input: answer.text,
      encoding: 'utf8',
    });
    const warnings = (run.stdout + run.stderr).split('\n').filter((line) => line !== '');
    const avoidable = warnings.filter(
      (line) => !/^request_latency_ms .*(unit|abbreviated)/.test(line),
    );
    assert.deepEqual(avoidable, []);
  });

  it('has names as Prometheus wants them: _total is for counters, units are base units', async () => {
    const given = new Set(['request_latency_ms']);
    for (const family of (await scrape()).values()) {
      assert.equal(family.name.endsWith('_total'), family.type === 'counter', family.name);
      assert.match(family.name, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
      if (given.has(family.name)) continue;
      assert.doesNotMatch(family.name, /_(ms|milliseconds|kib|kb|mb|percent|count|sum|bucket)$/);
    }
  });

  it('has the promised names with the promised types and labels', async () => {
    await service.get('/messages');
    const families = await scrape();
    const labels = (name: string): string[] => [
      ...new Set(
        samplesOf(families, name).map((sample) => Object.keys(sample.labels).toSorted().join()),
      ),
    ];
    assert.equal(families.get('http_requests_total')?.type, 'counter');
    assert.deepEqual(labels('http_requests_total'), ['method,path,status']);
    assert.equal(families.get('webhook_requests_total')?.type, 'counter');
    assert.deepEqual(labels('webhook_requests_total'), ['result']);
    assert.equal(families.get('request_latency_ms')?.type, 'histogram');
    assert.deepEqual(labels('request_latency_ms_count'), ['method,path']);
    assert.deepEqual(labels('request_latency_ms_bucket'), ['le,method,path']);
  });

  it('has every result from the start, at 0', async (t) => {
    const fresh = await startService(t);
    const samples = samplesOf(await scrape(fresh), 'webhook_requests_total');
    assert.deepEqual(
      samples.map((sample) => `${sample.labels['result']} ${sample.value}`).toSorted(),
      RESULTS.map((result) => `${result} 0`),
    );
  });

  const operators: [string, RegExp][] = [
    ['queue depth', /(writer?|ingest|append|queue).*(depth|queue)/],
    ['batch size', /batch/],
    ['commit time', /commit.*(seconds|ms)/],
    ['conflicts', /conflicts?_total$/],
    ['rows', /rows|messages/],
    ['database size', /(database|db).*bytes/],
    ENGINE === 'sqlite'
      ? ['WAL size', /wal.*bytes/]
      : ['connections to the database', /database_connections/],
    ["the readers' queue", /read.*(queue|waiting|depth)/],
    ['process memory', /^process_resident_memory_bytes$/],
    ['process CPU', /^process_cpu_seconds_total$/],
    ['the event loop', /event_?loop/],
  ];
  for (const [what, name] of operators) {
    it(`shows an operator ${what}`, async () => {
      const found = [...(await scrape()).values()].filter((family) => name.test(family.name));
      assert.ok(found.length > 0);
      assert.ok(
        found.every((family) => family.samples.length > 0),
        'from the start',
      );
    });
  }
});

describe('http_requests_total and request_latency_ms', () => {
  const cases: [string, string, string, number, () => Promise<unknown>][] = [
    [
      'GET',
      '/messages',
      '200',
      3,
      () =>
        Promise.all([
          service.get('/messages'),
          service.get('/messages?limit=1'),
          service.get('/messages?q=a'),
        ]),
    ],
    ['GET', '/messages', '422', 1, () => service.get('/messages?limit=0')],
    ['HEAD', '/messages', '200', 1, () => service.send({ method: 'HEAD', path: '/messages' })],
    ['POST', '/webhook', '200', 2, () => service.store(message(), message())],
    ['POST', '/webhook', '401', 1, () => service.post(message(), 'wrong')],
    ['POST', '/webhook', '422', 1, () => service.post('{}')],
    ['POST', '/webhook', '413', 1, () => service.post(Buffer.alloc(1_048_577))],
    ['GET', '/webhook', '405', 1, () => service.get('/webhook')],
    ['GET', '/stats', '200', 1, () => service.get('/stats')],
    ['GET', '/health/live', '200', 1, () => service.get('/health/live')],
    ['GET', '/health/ready', '200', 1, () => service.get('/health/ready')],
  ];
  for (const [method, path, status, count, act] of cases) {
    it(`count ${method} ${path} ${status}`, async () => {
      assert.equal(await growth('http_requests_total', { method, path, status }, act), count);
      assert.equal(await growth('request_latency_ms_count', { method, path }, act), count);
    });
  }

  it('count the scrape itself, once it is answered', async () => {
    const labels = { method: 'GET', path: '/metrics', status: '200' };
    assert.equal(await growth('http_requests_total', labels, () => Promise.resolve()), 1);
  });

  it('have a latency in milliseconds for each request: sum and buckets agree with the log', async (t) => {
    const fresh = await startService(t);
    for (let count = 0; count < 5; count += 1) await fresh.get('/stats');
    const families = await scrape(fresh);
    const lines = await fresh.output.atLeast(5, 'five requests', (line) => line.path === '/stats');
    const logged = lines.reduce((sum, line) => sum + Number(line.latency_ms), 0);
    const measured = valueOf(families, 'request_latency_ms_sum', { path: '/stats' });
    assert.ok(
      Math.abs(measured - logged) < 0.01 * 5 + 0.001 * logged,
      `${measured} measured, ${logged} logged`,
    );
  });
});

describe('webhook_requests_total', () => {
  const sent = message();
  const cases: [string, () => Promise<unknown>][] = [
    ['created', () => service.post(sent)],
    ['duplicate', () => service.post(sent)],
    ['invalid_signature', () => service.post(sent, 'wrong')],
    ['validation_error', () => service.post('[]')],
    ['payload_too_large', () => service.post(Buffer.alloc(1_048_577))],
  ];
  for (const [result, act] of cases) {
    it(`counts ${result}, and nothing else with it`, async () => {
      const before = await scrape();
      await act();
      const families = await scrape();
      const grown = RESULTS.filter(
        (name) =>
          valueOf(families, 'webhook_requests_total', { result: name }) >
          valueOf(before, 'webhook_requests_total', { result: name }),
      );
      assert.deepEqual(grown, [result]);
    });
  }

  it('sums up to the posts that were answered', async () => {
    const families = await scrape();
    const results = samplesOf(families, 'webhook_requests_total').reduce(
      (sum, sample) => sum + sample.value,
      0,
    );
    const posts = samplesOf(families, 'http_requests_total').filter(
      (sample) => sample.labels['path'] === '/webhook' && sample.labels['method'] === 'POST',
    );
    assert.equal(
      results,
      posts.reduce((sum, sample) => sum + sample.value, 0),
    );
  });
});
