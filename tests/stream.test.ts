// GET /messages/stream: the order of commit, resuming, and each message exactly once whatever is cut off.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { eventually } from './support/bounded.ts';
import { insertRows } from './support/database.ts';
import { ENGINE } from './support/engine.ts';
import { issuesOf } from './support/issues.ts';
import { Follower } from './support/follower.ts';
import { message } from './support/message.ts';
import { startService } from './support/service.ts';

const service = await startService({ after });
const ids = (count: number, name: string): string[] =>
  Array.from({ length: count }, (_, index) => `${name} ${index}`);

describe('a stream', () => {
  it('gives messages in the order of commit, whatever their instants, as they are listed', async (t) => {
    const follower = await new Follower(t, service.port).open();
    const sent = [
      message({ ts: '2025-01-03T00:00:00Z', text: 'line\nbreak\r\n\u2028 and "quotes"' }),
      message({ ts: '2025-01-01T00:00:00Z', text: null }),
      message({ ts: '2025-01-02T00:00:00.5Z', text: '' }),
    ];
    await service.store(...sent);
    await follower.take(3);
    assert.deepEqual(
      follower.events.map(({ data }) => data),
      sent,
    );
    const numbers = follower.events.map(({ id }) => id);
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
    assert.equal(follower.status, 200);
    assert.equal(follower.headers['content-type'], 'text/event-stream; charset=utf-8');
    assert.equal(follower.headers['cache-control'], 'no-store');
    assert.ok(follower.headers['x-request-id']);
  });

  it('begins with what is stored from now on, or after the number that is given', async (t) => {
    await service.store(message({ message_id: 'before' }));
    const now = await new Follower(t, service.port).open();
    const all = await new Follower(t, service.port, '?after=0').open();
    await service.store(message({ message_id: 'since' }));
    assert.deepEqual(await now.take(1), ['since']);
    const { total } = await service.page('?limit=1');
    assert.equal(new Set(await all.take(total)).size, total);
  });

  it('does not give a duplicate again', async (t) => {
    const twice = message();
    const follower = await new Follower(t, service.port).open();
    await service.store(twice, twice, message({ message_id: 'after the duplicate' }));
    assert.deepEqual(await follower.take(2), [twice.message_id, 'after the duplicate']);
  });

  it('resumes after Last-Event-ID, which counts before the address', async (t) => {
    const first = await new Follower(t, service.port).open();
    await service.store(...ids(3, 'resumed').map((message_id) => message({ message_id })));
    await first.take(3);
    const second = new Follower(t, service.port, '?after=0', String(first.events[0]?.id));
    assert.deepEqual(await second.take(2), ['resumed 1', 'resumed 2']);
  });

  it('is logged once, with 200, when its client goes away', async (t) => {
    const follower = await new Follower(t, service.port).open();
    const id = follower.headers['x-request-id'];
    follower.cut();
    const line = await service.output.line('the stream', (seen) => seen['request_id'] === id);
    assert.equal(line['status'], 200);
    assert.equal(line['path'], '/messages/stream');
  });

  it('answers HEAD with its headers alone', async () => {
    const answer = await service.send({ method: 'HEAD', path: '/messages/stream' });
    assert.equal(answer.status, 200);
    assert.equal(answer.text, '');
  });

  for (const value of ['-1', 'abc', '1.5', '9007199254740993', '']) {
    it(`refuses after=${value}`, async () => {
      const [issue] = issuesOf(await service.get(`/messages/stream?after=${value}`));
      assert.deepEqual(issue?.loc, ['query', 'after']);
    });
  }

  it('refuses a number that no message has had: what follows would be missed', async () => {
    const [issue] = issuesOf(await service.get('/messages/stream?after=1000000'));
    assert.equal(issue?.type, 'less_than_equal');
    assert.deepEqual(issue.loc, ['query', 'after']);
    const headers = { 'Last-Event-ID': '1000000' };
    const [named] = issuesOf(await service.send({ path: '/messages/stream', headers }));
    assert.deepEqual(named?.loc, ['header', 'last-event-id']);
  });
});

describe('a follower that stores its last id with its work', () => {
  it('sees every message once, however often it is killed', async (t) => {
    const follower = await new Follower(t, service.port).open();
    const wanted = ids(400, 'killed');
    let last = follower.lastId ?? 0;
    follower.cut();
    const posting = Promise.all(wanted.map((message_id) => service.store(message({ message_id }))));
    const seen: string[] = [];
    for (let life = 0; seen.length < wanted.length; life += 1) {
      const next = new Follower(t, service.port, '', String(last));
      await next.take(1);
      // What was read up to here is its work; whatever is on the way dies with it.
      const done = next.events.slice(0, 1 + (life % 7) * 9);
      next.cut();
      seen.push(...done.map(({ data }) => data.message_id));
      last = done.at(-1)?.id ?? last;
    }
    await posting;
    assert.deepEqual(seen.toSorted(), wanted.toSorted());
  });

  it('goes on after a restart of the service, and of a stop it is told', async (t) => {
    const before = await startService(t);
    await before.store(message({ message_id: 'one' }));
    const first = await new Follower(t, before.port, '?after=0').open();
    await first.take(1);
    await before.stop();
    await eventually('the end of the stream', () => (first.ended ? true : undefined));
    assert.match(first.raw, /event: resume\n/);
    const again = await startService(t, { directory: before.directory });
    await again.store(message({ message_id: 'two' }));
    const second = await new Follower(t, again.port, '', String(first.lastId)).open();
    assert.deepEqual(await second.take(1), ['two']);
  });

  it('also sees what another process wrote to the same database', async (t) => {
    const follower = await new Follower(t, service.port).open();
    if (ENGINE === 'sqlite') insertRows(service.databasePath, 1);
    else {
      const replica = await startService(t, { directory: service.directory });
      await replica.store(message({ message_id: 'other-1' }));
    }
    assert.deepEqual(await follower.take(1), ['other-1']);
  });
});

describe('followers at different places', () => {
  it('come together, and each is given everything after its own place once, in order', async (t) => {
    const own = await startService(t);
    const wanted = ids(1_300, 'scattered');
    const store = (some: string[]) =>
      Promise.all(some.map((message_id) => own.store(message({ message_id }))));
    await store(wanted.slice(0, 1_000));
    const places = [0, 0, 1, 120, 499, 500, 501, 730, 999, 1_000];
    const followers = places.map((place) => new Follower(t, own.port, `?after=${place}`));
    await store(wanted.slice(1_000));
    for (const [index, follower] of followers.entries()) {
      const place = places[index] ?? 0;
      await follower.take(wanted.length - place);
      assert.deepEqual(
        follower.events.map(({ id }) => id),
        Array.from({ length: wanted.length - place }, (_, more) => place + 1 + more),
      );
    }
    assert.deepEqual((await followers[0]?.take(1_300))?.toSorted(), wanted.toSorted());
  });
});

describe('a client that does not read', () => {
  it('keeps nobody else from the stream', async (t) => {
    const stuck = new Follower(t, service.port, '?after=0');
    await stuck.open();
    stuck.pause();
    const reading = await new Follower(t, service.port).open();
    const text = 'x'.repeat(4_096);
    const wanted = ids(500, 'large');
    await Promise.all(wanted.map((message_id) => service.store(message({ message_id, text }))));
    assert.deepEqual((await reading.take(500)).toSorted(), wanted.toSorted());
    stuck.resume();
    await eventually('what the slow client had missed', () =>
      stuck.lastId === reading.lastId ? true : undefined,
    );
    const missed = new Set(stuck.events.map(({ data }) => data.message_id));
    assert.equal(missed.size, stuck.events.length);
    assert.ok(wanted.every((id) => missed.has(id)));
  });
});
