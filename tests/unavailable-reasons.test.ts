// Why a request could not be served: the line of each 503 names the reason, and a counter counts it; nobody else is told.
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { eventually } from './support/bounded.ts';
import { execute, holdWriteLock, indexThere, insertRows, query } from './support/database.ts';
import { webhook } from './support/logged.ts';
import { bytesOf, message, sign } from './support/message.ts';
import { startService } from './support/service.ts';
import { assertUnavailable, unavailableCounts } from './support/unavailable.ts';
import { openWire, webhookBytes } from './support/wire.ts';

const post = (): ReturnType<typeof webhook> => webhook(bytesOf(message()));

describe('the reason of a 503', () => {
  it('every one is in the runbook and exists from the start, at 0, and no other answer has one', async (t) => {
    const service = await startService(t);
    const { text } = await service.get('/metrics');
    for (const path of ['/webhook', '/health/ready', '/messages', '/stats'])
      for (const reason of ['timeout', 'queue_full', 'locked', 'disk', 'schema', 'other'])
        assert.ok(
          text.includes(`oncebox_unavailable_total{path="${path}",reason="${reason}"} 0\n`),
          `${path} ${reason}`,
        );
    const page = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8');
    const section = page.slice(
      page.indexOf('### Reasons of a 503'),
      page.indexOf('### OnceboxDown'),
    );
    assert.deepEqual(
      new Set([...section.matchAll(/^\| `(\w+)`/gm)].map(([, reason]) => reason)),
      new Set([...text.matchAll(/^oncebox_unavailable_total.*reason="(\w+)"/gm)].map(([, r]) => r)),
    );
    await service.store(message());
    await service.post('{}');
    await service.get('/nothing');
    await service.get('/messages?limit=0');
    await service.output.atLeast(5, 'the lines', (line) => 'method' in line);
    assert.ok(service.output.requests().every((line) => !('reason' in line)));
    assert.deepEqual(await unavailableCounts(service), {});
  });

  it('locked: another process keeps the lock for too long', async (t) => {
    const service = await startService(t);
    const release = await holdWriteLock(t, service.databasePath);
    await assertUnavailable(service, post(), 'locked');
    await release();
    await service.store(message());
  });

  it('queue_full: more posts wait than may', async (t) => {
    const service = await startService(t, { env: { QUEUE_MESSAGES_MAX: '2' } });
    const release = await holdWriteLock(t, service.databasePath);
    const waiting = [service.post(message()), service.post(message())];
    await eventually('both to wait', async () =>
      (await service.get('/metrics')).text.includes('oncebox_writer_queue_messages 2\n')
        ? true
        : undefined,
    );
    await assertUnavailable(service, post(), 'queue_full');
    await release();
    await Promise.all(waiting);
  });

  it('schema: a table is gone', async (t) => {
    const service = await startService(t);
    execute(service.databasePath, 'ALTER TABLE messages RENAME TO messages_away');
    for (const path of ['/messages', '/messages?q=hello', '/stats', '/health/ready'])
      await assertUnavailable(service, { path }, 'schema');
    await assertUnavailable(service, post(), 'schema');
    execute(service.databasePath, 'ALTER TABLE messages_away RENAME TO messages');
    assert.equal((await service.get('/health/ready')).status, 200);
  });

  it('corrupt: a page of the file is damaged', async (t) => {
    const service = await startService(t);
    await service.store(message());
    await eventually('all indexes to be filled', async () =>
      (await service.get('/metrics')).text.includes('oncebox_search_backlog_messages 0\n')
        ? true
        : undefined,
    );
    await service.stop();
    const next = await startService(t, { directory: service.directory });
    const pages = query(
      service.databasePath,
      `SELECT rootpage, (SELECT page_size FROM pragma_page_size) AS size FROM sqlite_schema WHERE name = 'counters'`,
    );
    const file = openSync(service.databasePath, 'r+');
    for (const { rootpage, size } of pages) {
      const garbage = Buffer.alloc(Number(size), 0xff);
      writeSync(file, garbage, 0, garbage.length, (Number(rootpage) - 1) * garbage.length);
    }
    closeSync(file);
    await assertUnavailable(next, { path: '/stats' }, 'corrupt');
  });

  it('index_behind: the index of a list lacks too many messages', async (t) => {
    const service = await startService(t);
    const index = await indexThere(service.databasePath);
    execute(
      index,
      'CREATE TRIGGER broken BEFORE INSERT ON entries BEGIN SELECT abs(-9223372036854775807 - 1); END',
    );
    insertRows(service.databasePath, 65_537);
    await assertUnavailable(service, { path: '/messages' }, 'index_behind');
    await assertUnavailable(service, { path: '/stats' }, 'index_behind');
    execute(index, 'DROP TRIGGER broken');
    await service.store(message());
    await eventually('the index to catch up', async () =>
      (await service.get('/messages')).status === 200 ? true : undefined,
    );
  });

  it('too_many_streams: as many are open as may be', async (t) => {
    const service = await startService(t);
    const wires = await Promise.all(Array.from({ length: 256 }, () => openWire(t, service.port)));
    for (const [index, wire] of wires.entries())
      wire.write(`GET /${index % 2 ? 'events' : 'messages'}/stream HTTP/1.1\r\nHost: x\r\n\r\n`);
    await eventually('all to be open', async () =>
      (await service.get('/metrics')).text.includes('oncebox_streams 256\n') ? true : undefined,
    );
    // The limit is that of both streams together.
    for (const path of ['/messages/stream', '/events/stream']) {
      const answer = await assertUnavailable(service, { path }, 'too_many_streams');
      assert.equal(answer.text, '{"detail":"too many streams"}');
    }
    for (const wire of wires) wire.destroy();
  });

  it('too_many_streams: no more than may be are open where several are requested at once', async (t) => {
    const service = await startService(t);
    const wires = await Promise.all(Array.from({ length: 270 }, () => openWire(t, service.port)));
    const open = (few: typeof wires): void => {
      for (const wire of few) wire.write('GET /messages/stream HTTP/1.1\r\nHost: x\r\n\r\n');
    };
    open(wires.slice(0, 250));
    await eventually('the first to be open', async () =>
      (await service.get('/metrics')).text.includes('oncebox_streams 250\n') ? true : undefined,
    );
    open(wires.slice(250));
    await eventually('the rest to be refused', async () => {
      const counts = await unavailableCounts(service);
      return counts['/messages/stream too_many_streams'] === 14 ? true : undefined;
    });
    assert.match((await service.get('/metrics')).text, /^oncebox_streams 256$/m);
    for (const wire of wires) wire.destroy();
  });

  it('is counted, too, where the client has not waited for its answer', async (t) => {
    const service = await startService(t);
    const release = await holdWriteLock(t, service.databasePath);
    const body = bytesOf(message());
    const socket = connect(service.port, '127.0.0.1');
    socket.write(webhookBytes(body, [sign(body)]));
    await eventually('the post to wait', async () =>
      (await service.get('/metrics')).text.includes('oncebox_writer_queue_messages 1\n')
        ? true
        : undefined,
    );
    socket.resetAndDestroy();
    const line = await service.output.line('its line', ({ method }) => method === 'POST');
    assert.equal(line.status, 499);
    assert.ok(!('reason' in line));
    await eventually('it to be counted', async () => {
      const counts = await unavailableCounts(service);
      return counts['/webhook locked'] === 1 ? true : undefined;
    });
    await release();
  });
});
