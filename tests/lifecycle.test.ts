// Start, stop, restart and sudden death: what was acknowledged stays, what is in flight is finished, and the end is clean.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { eventually } from './support/bounded.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { query } from './support/database.ts';
import { ENGINE, storedIds } from './support/engine.ts';
import { bytesOf, message, sign } from './support/message.ts';
import type { Draft } from './support/message.ts';
import { startService } from './support/service.ts';
import type { Service } from './support/service.ts';
import { head, openWire, webhookBytes } from './support/wire.ts';
import type { Wire } from './support/wire.ts';

/** Begins a post that the service waits for: all but the body has arrived, as the 100 Continue shows. Returns the rest of it. */
async function beginPost(
  t: TestContext,
  service: Service,
  draft: Draft,
): Promise<{ wire: Wire; rest: Buffer }> {
  const wire = await openWire(t, service.port);
  const body = bytesOf(draft);
  const bytes = webhookBytes(body, [sign(body)], [['Expect', '100-continue']]);
  wire.write(bytes.subarray(0, bytes.length - body.length));
  assert.equal((await wire.reply()).status, 100);
  return { wire, rest: body };
}

/** Waits until the service accepts no more connections, which is when it has taken notice of a signal. */
async function closedDoor(service: Service): Promise<void> {
  await eventually('the port to close', async () => {
    const socket = connect({ host: '127.0.0.1', port: service.port });
    const refused = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(false));
      socket.once('error', () => resolve(true));
    });
    socket.destroy();
    return refused || undefined;
  });
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  describe(signal, () => {
    it('ends an idle service with exit code 0', async (t) => {
      const service = await startService(t);
      assert.deepEqual(await service.stop(signal), { code: 0, signal: null });
      assert.equal(service.output.stderr, '');
    });

    it('lets a request in flight finish: it is answered 200, stored and logged', async (t) => {
      const service = await startService(t);
      const draft = message();
      const { wire, rest } = await beginPost(t, service, draft);
      service.signal(signal);
      await closedDoor(service);
      wire.write(rest);
      const answer = await wire.reply();
      assert.deepEqual([answer.status, answer.body.toString()], [200, '{"status":"ok"}']);
      assert.deepEqual(await service.exit(), { code: 0, signal: null });
      assert.deepEqual(await storedIds(service), [draft.message_id]);
      const lines = service.output
        .requests()
        .filter((line) => line.message_id === draft.message_id);
      assert.deepEqual(
        lines.map((line) => [line.status, line.result]),
        [[200, 'created']],
      );
    });
  });
}

describe('the end', () => {
  it('comes after the last log line: each answered request has its line, and the last line is complete', async (t) => {
    const service = await startService(t);
    const drafts = Array.from({ length: 100 }, () => message());
    await Promise.all(drafts.map((draft) => service.store(draft)));
    await service.stop();
    assert.equal(service.output.unfinished, '');
    const logged = new Set(service.output.requests().map((line) => line.message_id));
    assert.ok(drafts.every((draft) => logged.has(draft.message_id)));
    assert.equal(service.output.requests().length, drafts.length);
  });

  it('under load loses nothing: what was answered 200 is stored, and what is stored was answered 200', async (t) => {
    const service = await startService(t);
    const acknowledged: string[] = [];
    const lost: string[] = [];
    let ended = false;
    const workers = Array.from({ length: 16 }, async () => {
      while (!ended) {
        const draft = message();
        const answer = await service.post(draft).catch(() => undefined);
        if (answer?.status === 200) acknowledged.push(String(draft.message_id));
        else if (answer)
          assert.deepEqual([answer.status, answer.text], [503, '{"detail":"storage unavailable"}']);
        else {
          ended = true;
          lost.push(String(draft.message_id));
        }
      }
    });
    await eventually('some messages', () => acknowledged.length > 100 || undefined);
    assert.deepEqual(await service.stop(), { code: 0, signal: null });
    await Promise.all(workers);
    const stored = new Set(await storedIds(service));
    for (const id of acknowledged) assert.ok(stored.delete(id), id);
    // A connection that was never taken up, or cut off before its request was read, has no answer and no row.
    assert.deepEqual(
      [...stored].filter((id) => !lost.includes(id)),
      [],
    );
  });

  it('does not wait for ever for a slow client, and a second signal ends it at once', async (t) => {
    const [once, twice] = await Promise.all([startService(t), startService(t)]);
    const order: string[] = [];
    for (const service of [once, twice]) await beginPost(t, service, message());
    for (const service of [once, twice]) {
      service.signal('SIGTERM');
      await closedDoor(service);
    }
    // Again and again, as a person would: a signal right behind the first may count as the same one.
    const impatience = setInterval(() => twice.signal('SIGTERM'), 200);
    t.after(() => clearInterval(impatience));
    const ends = [once, twice].map(async (service) => {
      await service.exit();
      order.push(service === once ? 'one signal' : 'two signals');
    });
    await Promise.all(ends);
    assert.deepEqual(order, ['two signals', 'one signal']);
    assert.deepEqual(await twice.exit(), { code: 130, signal: null });
    assert.deepEqual(await once.exit(), { code: 0, signal: null });
    for (const service of [once, twice]) {
      assert.equal(service.output.unfinished, '');
      service.output.lines();
    }
  });

  it('is not held up by connections that are idle, or are so after the last answer', async (t) => {
    const [service, slow] = await Promise.all([startService(t), startService(t)]);
    const used = await openWire(t, service.port);
    used.write(head('GET', '/health/live'));
    assert.equal((await used.reply()).status, 200);
    await openWire(t, service.port);
    const { wire, rest } = await beginPost(t, service, message());
    await beginPost(t, slow, message());
    for (const told of [slow, service]) {
      told.signal('SIGTERM');
      await closedDoor(told);
    }
    // The client of this last request keeps its connection; nothing is in flight any more.
    wire.write(rest);
    assert.equal((await wire.reply()).status, 200);
    const first = await Promise.race([
      slow.exit().then(() => 'the one that waits for a client'),
      service.exit().then(() => 'the idle one'),
    ]);
    assert.equal(first, 'the idle one');
  });
});

describe('a restart', () => {
  it('keeps every message, byte for byte, and its duplicates are still known', async (t) => {
    const first = await startService(t);
    const drafts = [
      message({ text: null }),
      message({ text: 'a\u0000b 😀' }),
      message({ ts: '2025-01-15T10:00:00.50Z' }),
    ];
    await first.store(...drafts);
    const before = await first.page();
    await first.stop();
    const second = await startService(t, { directory: first.directory });
    assert.deepEqual(await second.page(), before);
    assert.equal((await second.page('?q=B+%F0%9F%98%80')).total, 1);
    await second.store(...drafts, message());
    assert.equal((await second.page()).total, 4);
  });

  it('works many times over on one database', async (t) => {
    const directory = temporaryDirectory(t);
    for (let round = 1; round <= 4; round += 1) {
      const service = await startService(t, { directory });
      await service.store(message());
      assert.equal((await service.page()).total, round);
      assert.equal((await service.stop()).code, 0);
    }
  });
});

describe('kill -9', () => {
  it('under load loses no acknowledged message, and doubles none', async (t) => {
    const directory = temporaryDirectory(t);
    const acknowledged = new Set<string>();
    for (let round = 0; round < 4; round += 1) {
      const service = await startService(t, { directory });
      const target = acknowledged.size + 100;
      let dead = false;
      const workers = Array.from({ length: 16 }, async () => {
        while (!dead) {
          const draft = message();
          const answer = await service.post(draft).catch(() => undefined);
          if (answer?.status === 200) acknowledged.add(String(draft.message_id));
          else dead = true;
        }
      });
      await eventually('some messages', () => acknowledged.size >= target || undefined);
      assert.deepEqual(await service.stop('SIGKILL'), { code: null, signal: 'SIGKILL' });
      await Promise.all(workers);
    }
    const service = await startService(t, { directory });
    const { total } = await service.page();
    const listed: string[] = [];
    for (let offset = 0; offset < total; offset += 100)
      listed.push(...(await service.ids(`?limit=100&offset=${offset}`)));
    assert.equal(new Set(listed).size, total);
    assert.deepEqual(
      [...acknowledged].filter((id) => !listed.includes(id)),
      [],
    );
    await service.stop();
    if (ENGINE === 'sqlite')
      assert.deepEqual(
        query(service.databasePath, 'PRAGMA integrity_check').map((row) => row['integrity_check']),
        ['ok'],
      );
  });
});
