// Reads closed to strangers: which token opens what, and that nothing else does.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { temporaryDirectory } from './support/cleanup.ts';
import { message } from './support/message.ts';
import { refusal } from './support/refusal.ts';
import type { Answer } from './support/request.ts';
import { startService } from './support/service.ts';
import type { Service } from './support/service.ts';

const API = 'token-of-readers-7Qm';
const METRICS = 'token-of-the-scraper-x2';
const GUARDED = [
  '/messages',
  '/messages?limit=1',
  '/stats',
  '/stats/timeline',
  '/messages/stream?after=x',
  '/message?id=x',
  '/events',
  '/event?id=x',
  '/events/stream?after=x',
  '/delivery?id=1',
  '/sources',
  '/none',
  '/messages/',
];
const OPEN = ['/health/live', '/health/ready'];

function get(service: Service, path: string, authorization?: string): Promise<Answer> {
  return service.send({ path, headers: authorization ? { Authorization: authorization } : {} });
}

function assertUnauthorized(answer: Answer): void {
  assert.deepEqual([answer.status, answer.text], [401, '{"detail":"unauthorized"}']);
  assert.equal(answer.headers['www-authenticate'], 'Bearer');
}

describe('with API_TOKEN', async () => {
  const service = await startService({ after }, { env: { API_TOKEN: API } });

  for (const path of [...GUARDED, '/metrics']) {
    it(`${path} without a token is 401`, async () => assertUnauthorized(await get(service, path)));
    it(`${path} with the token is answered`, async () => {
      const { status } = await get(service, path, `Bearer ${API}`);
      assert.notEqual(status, 401);
    });
  }

  const wrong = [
    'Bearer',
    'Bearer ',
    `Bearer ${API}x`,
    `Bearer ${API.slice(0, -1)}`,
    `Bearer ${API.toUpperCase()}`,
    `Bearer ${API} ${API}`,
    `Basic ${API}`,
    `Basic ${Buffer.from(`:${API}`).toString('base64')}`,
    API,
    `Bearer${API}`,
    `Bearer "${API}"`,
    `Bearer ${'x'.repeat(10_000)}`,
    'Bearer \u00ff',
  ];
  for (const authorization of wrong) {
    it(`is 401 for ${authorization.slice(0, 60)}`, async () => {
      assertUnauthorized(await get(service, '/messages', authorization));
    });
  }

  it('takes the scheme in any case', async () => {
    for (const scheme of ['bearer', 'BEARER'])
      assert.equal((await get(service, '/stats', `${scheme} ${API}`)).status, 200);
  });

  for (const path of OPEN) {
    it(`${path} stays open`, async () => assert.equal((await get(service, path)).status, 200));
  }

  it('/webhook asks for its signature and nothing else', async () => {
    assert.equal((await service.post(message())).status, 200);
    const answer = await service.post(message(), 'no signature');
    assert.deepEqual([answer.status, answer.text], [401, '{"detail":"invalid signature"}']);
  });

  it('a method that a path does not have is 401 to a stranger, as is the path', async () => {
    assertUnauthorized(await service.send({ method: 'DELETE', path: '/messages' }));
    const head = await service.send({ method: 'HEAD', path: '/messages' });
    assert.deepEqual([head.status, head.text], [401, '']);
  });

  it('the token appears in no log line, answer or metric', async () => {
    await get(service, `/none/${encodeURIComponent('a b')}`, `Bearer ${API}`);
    const { text } = await get(service, '/metrics', `Bearer ${API}`);
    assert.ok(!text.includes(API));
    assert.ok(!(service.output.stdout + service.output.stderr).includes(API));
  });
});

describe('with METRICS_TOKEN', () => {
  it('beside API_TOKEN: each opens its own and not the other', async (t) => {
    const service = await startService(t, { env: { API_TOKEN: API, METRICS_TOKEN: METRICS } });
    assert.equal((await get(service, '/metrics', `Bearer ${METRICS}`)).status, 200);
    assertUnauthorized(await get(service, '/metrics', `Bearer ${API}`));
    assert.equal((await get(service, '/messages', `Bearer ${API}`)).status, 200);
    assertUnauthorized(await get(service, '/messages', `Bearer ${METRICS}`));
  });

  it('alone: the metrics are closed and the rest is open, and the start says so', async (t) => {
    const service = await startService(t, { env: { METRICS_TOKEN: METRICS } });
    assertUnauthorized(await get(service, '/metrics'));
    assert.equal((await get(service, '/metrics', `Bearer ${METRICS}`)).status, 200);
    assert.equal((await get(service, '/messages')).status, 200);
    await service.output.line('the warning', (line) => line.event === 'reads_open');
  });
});

describe('without API_TOKEN', () => {
  it('reads are open, and the start says so at WARNING', async (t) => {
    const service = await startService(t);
    const warning = await service.output.line('it', (line) => line.event === 'reads_open');
    assert.equal(warning.level, 'WARNING');
    assert.match(String(warning.msg), /API_TOKEN/);
    for (const path of ['/messages', '/stats', '/metrics'])
      assert.equal((await get(service, path)).status, 200);
    assert.equal((await get(service, '/messages', 'Bearer anything')).status, 200);
  });

  it('nothing is said where there is one', async (t) => {
    const service = await startService(t, { env: { API_TOKEN: API } });
    assert.deepEqual(
      service.output.lines().filter((line) => line.event === 'reads_open'),
      [],
    );
  });
});

describe('the settings', () => {
  it('API_TOKEN_FILE and METRICS_TOKEN_FILE are read', async (t) => {
    const directory = temporaryDirectory(t);
    const [api, metrics] = ['api', 'metrics'].map((name) => join(directory, name));
    writeFileSync(api ?? '', `${API}\n`);
    writeFileSync(metrics ?? '', METRICS);
    const service = await startService(t, {
      env: { API_TOKEN_FILE: api, METRICS_TOKEN_FILE: metrics },
    });
    assert.equal((await get(service, '/stats', `Bearer ${API}`)).status, 200);
    assert.equal((await get(service, '/metrics', `Bearer ${METRICS}`)).status, 200);
    assertUnauthorized(await get(service, '/stats', `Bearer ${METRICS}`));
  });

  for (const name of ['API_TOKEN', 'METRICS_TOKEN']) {
    for (const value of [' ', '\t', 'two words', 'nicht-für-header', 'a\nb'])
      it(`${name}=${JSON.stringify(value)} is refused`, async (t) => {
        const said = await refusal(t, name, { env: { [name]: value } });
        if (value.trim() !== '') assert.ok(!said.includes(value), said);
      });
    it(`${name} and ${name}_FILE together are refused`, async (t) => {
      await refusal(t, name, { env: { [name]: 'a', [`${name}_FILE`]: '/dev/null' } });
    });
    it(`${name}_FILE that is empty is refused`, async (t) => {
      await refusal(t, `${name}_FILE`, { env: { [`${name}_FILE`]: '/dev/null' } });
    });
  }
});
