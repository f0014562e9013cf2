// The probes: live says that the process runs, ready says whether it can do its work, and each names what it found.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { runSql } from './support/engine.ts';
import { message } from './support/message.ts';
import type { Answer } from './support/request.ts';
import { startService } from './support/service.ts';
import type { Service } from './support/service.ts';
import { recordIn } from './support/shapes.ts';

async function statuses(service: Service): Promise<number[]> {
  const live = await service.get('/health/live');
  const ready = await service.get('/health/ready');
  return [live.status, ready.status];
}

/** What ready says of each check, by its name. */
function checksOf(answer: Answer): Record<string, unknown> {
  return recordIn(recordIn(answer.json())['checks']);
}

/** No response may disclose internals: no SQL, no path of a file, no stack, no text of an error of the engine. */
function assertDiscreet(answer: Answer, service: Service): void {
  assert.doesNotMatch(
    answer.text,
    /SELECT|INSERT|FROM|no such table|SQLITE|database is locked|does not exist|42P01|\.ts\b|node:|at .*:\d+/,
  );
  assert.ok(!answer.text.includes(service.directory));
}

describe('with all in order', () => {
  it('both probes answer 200 with JSON, and HEAD as GET', async (t) => {
    const service = await startService(t);
    for (const path of ['/health/live', '/health/ready']) {
      const answer = await service.get(path);
      assert.equal(answer.status, 200);
      assert.equal(typeof answer.json(), 'object');
      const headAnswer = await service.send({ method: 'HEAD', path });
      assert.equal(headAnswer.status, 200);
      assert.equal(headAnswer.text, '');
    }
  });

  it('ready names each check: the secret, the store, the schema, the last write', async (t) => {
    const service = await startService(t);
    const checks = checksOf(await service.get('/health/ready'));
    for (const check of ['secret', 'store', 'schema', 'disk']) assert.equal(checks[check], 'ok');
  });
});

describe('with the table gone', () => {
  it('ready is 503 at the next request and says which check failed, live stays 200', async (t) => {
    const service = await startService(t);
    await service.store(message());
    const before = await service.get('/health/ready');
    await runSql(service, 'DROP TABLE messages');
    const answer = await service.get('/health/ready');
    assert.equal(answer.status, 503);
    const [checks, others] = [checksOf(answer), checksOf(before)];
    assert.deepEqual(
      Object.keys(checks).filter((check) => checks[check] !== others[check]),
      ['schema'],
    );
    assertDiscreet(answer, service);
    assert.equal((await service.get('/health/live')).status, 200);
  });

  it('posts are 503 and reads 500 or 503, without a word of the inside', async (t) => {
    const service = await startService(t);
    await runSql(service, 'DROP TABLE messages');
    const post = await service.post(message());
    assert.equal(post.status, 503);
    assert.equal(post.text, '{"detail":"storage unavailable"}');
    assert.match(post.headers['retry-after'] ?? '', /^[1-9][0-9]*$/);
    for (const path of ['/messages', '/messages?q=x', '/stats']) {
      const answer = await service.get(path);
      assert.ok([500, 503].includes(answer.status), `${path}: ${answer.status}`);
      assert.deepEqual(Object.keys(answer.json() as object), ['detail']);
      assertDiscreet(answer, service);
    }
    assert.equal((await service.get('/metrics')).status, 200);
    assert.equal(service.output.stderr, '');
    service.output.lines();
  });

  it('posts that fail leave no file open', { skip: process.platform !== 'linux' }, async (t) => {
    const service = await startService(t);
    const open = (): number => readdirSync(`/proc/${service.pid}/fd`).length;
    await runSql(service, 'DROP TABLE messages');
    for (let count = 0; count < 10; count += 1) await service.post(message());
    const before = open();
    for (let count = 0; count < 100; count += 1) await service.post(message());
    const after = open();
    assert.ok(after - before < 50, `${before} files open, ${after} after 100 posts that failed`);
  });

  it('ready is 200 again when the table is back: the check is made each time', async (t) => {
    const service = await startService(t);
    await service.store(message());
    assert.deepEqual(await statuses(service), [200, 200]);
    await runSql(service, 'ALTER TABLE messages RENAME TO messages_away');
    assert.deepEqual(await statuses(service), [200, 503]);
    await runSql(service, 'ALTER TABLE messages_away RENAME TO messages');
    assert.deepEqual(await statuses(service), [200, 200]);
    await service.store(message());
    assert.equal((await service.page()).total, 2);
  });
});
