// GET /events/stream: messages and events in the order of commit, each exactly once, with the numbers of /messages/stream.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { Follower, type Event } from '../support/follower.ts';
import { issuesOf } from '../support/issues.ts';
import { message } from '../support/message.ts';
import { type Service, startService } from '../support/service.ts';
import { recordIn } from '../support/shapes.ts';
import { SOURCES, store, whatsapp, whatsappStatus, whatsappText } from '../support/sources.ts';

const service = await startService({ after }, { env: SOURCES });
const BOTH = '/events/stream';

const both = (t: Cleaner, of: Service, query = '', lastEventId?: string): Follower =>
  new Follower(t, of.port, query, lastEventId, BOTH);

/** The id of an item, after the kind that the stream calls it. */
function idIn({ name, data }: Event): string {
  const id = (data as unknown as Record<string, unknown>)[`${name ?? 'none'}_id`];
  return `${name ?? 'none'} ${String(id)}`;
}

/** Waits for so many items and returns what they are. */
async function take(follower: Follower, count: number): Promise<string[]> {
  await follower.take(count);
  return follower.events.map(idIn);
}

const bill = (id: string) => ({ id, type: 'paid', at: '2025-01-15T10:00:00Z' });

describe('the stream of messages and events', () => {
  it('gives both in the order of commit, whatever their instants, as they are listed', async (t) => {
    const follower = await both(t, service).open();
    await service.store(
      message({ message_id: 'm1', ts: '2030-01-01T00:00:00Z', text: 'a\nb \u2028' }),
    );
    await store(service, 'bill', bill('e1'));
    await store(
      service,
      'wa',
      whatsapp({
        messages: [whatsappText('w1', 'Hello')],
        statuses: [whatsappStatus('m9', 'read')],
      }),
    );
    await service.store(message({ message_id: 'm1', text: 'another' }));
    assert.deepEqual((await take(follower, 5)).slice(0, 4), [
      'message m1',
      'event bill:e1',
      'message wa:w1',
      'event wa:m9:read',
    ]);
    const [first, second, third, , conflict] = follower.events;
    const { seq, received_at, ...fields } = recordIn(first?.data);
    assert.deepEqual(fields, {
      ...message({ message_id: 'm1', ts: '2030-01-01T00:00:00Z', text: 'a\nb \u2028' }),
      source: 'default',
      kind: null,
    });
    assert.equal(seq, first?.id);
    assert.ok(Math.abs(Date.parse(String(received_at)) - Date.now()) < 3_600_000);
    const { source, kind, text } = recordIn(third?.data);
    assert.deepEqual([source, kind, text], ['wa', 'text', 'Hello']);
    const { data: listed } = (await service.get('/events?limit=100')).json() as { data: object[] };
    for (const event of [second, conflict]) {
      assert.equal(event?.name, 'event');
      assert.ok(listed.some((one) => JSON.stringify(one) === JSON.stringify(event.data)));
    }
    assert.equal(follower.status, 200);
    assert.equal(follower.headers['content-type'], 'text/event-stream; charset=utf-8');
    assert.equal(follower.headers['cache-control'], 'no-store');
    assert.match(follower.raw, /^retry: 1000\nid: \d+\n\n/);
  });

  it('has the numbers of the stream of messages, so that each resumes the other', async (t) => {
    const [items, messages] = [
      await both(t, service).open(),
      await new Follower(t, service.port).open(),
    ];
    for (let count = 0; count < 5; count += 1) {
      await store(service, 'bill', bill(`numbered ${count}`));
      await service.store(message({ message_id: `numbered ${count}` }));
    }
    await items.take(10);
    await messages.take(5);
    const numbered = new Map(items.events.map((event) => [event.id, idIn(event)]));
    assert.deepEqual(
      messages.events.map(({ id, data }) => [id, `message ${data.message_id}`]),
      [...numbered].filter(([, id]) => id.startsWith('message ')),
    );
    assert.ok(messages.events.every(({ name }) => name === null));
    const last = String(messages.events[1]?.id);
    assert.deepEqual(await take(both(t, service, '', last), 6), items.events.slice(4).map(idIn));
    const event = items.events.find(
      ({ id }) => id > Number(last) && id < (messages.events[2]?.id ?? 0),
    );
    const other = new Follower(t, service.port, `?after=${event?.id}`);
    assert.deepEqual(await other.take(3), ['numbered 2', 'numbered 3', 'numbered 4']);
  });

  it('does not give again what came before, or what is a duplicate', async (t) => {
    await store(service, 'bill', bill('twice'));
    const follower = await both(t, service).open();
    await store(service, 'bill', bill('twice'), bill('after the duplicate'));
    assert.deepEqual(await take(follower, 1), ['event bill:after the duplicate']);
  });

  it('answers HEAD with its headers alone, and refuses as the other does', async () => {
    const head = await service.send({ method: 'HEAD', path: BOTH });
    assert.deepEqual([head.status, head.text], [200, '']);
    for (const value of ['-1', 'abc', '9007199254740993', '']) {
      const [issue] = issuesOf(await service.get(`${BOTH}?after=${value}`));
      assert.deepEqual(issue?.loc, ['query', 'after']);
    }
    const [ahead] = issuesOf(await service.get(`${BOTH}?after=1000000`));
    assert.equal(ahead?.type, 'less_than_equal');
    const headers = { 'Last-Event-ID': 'x' };
    const [issue] = issuesOf(await service.send({ path: BOTH, headers }));
    assert.deepEqual(issue?.loc, ['header', 'last-event-id']);
  });

  it('asks its clients to come back when the service stops, and they miss nothing', async (t) => {
    const before = await startService(t, { env: SOURCES });
    await store(before, 'bill', bill('one'));
    const first = await both(t, before, '?after=0').open();
    await first.take(1);
    await before.stop();
    await eventually('the end of the stream', () => (first.ended ? true : undefined));
    assert.match(first.raw, /event: resume\n/);
    const again = await startService(t, { directory: before.directory, env: SOURCES });
    await again.store(message({ message_id: 'two' }));
    assert.deepEqual(await take(both(t, again, '', String(first.lastId)), 1), ['message two']);
  });
});

describe('a follower that stores its last id with its work', () => {
  it('sees every item of every source once, in order, however often it is killed', async (t) => {
    const own = await startService(t, { env: SOURCES });
    const wanted = new Set<string>();
    const posting = Promise.all(
      Array.from({ length: 120 }, async (_, count) => {
        wanted.add(`message ${count}`).add(`event bill:${count}`);
        wanted.add(`message wa:${count}`).add(`event wa:${count}:sent`);
        await own.store(message({ message_id: String(count) }));
        await store(own, 'bill', bill(String(count)));
        const parts = {
          messages: [whatsappText(String(count), 'x')],
          statuses: [whatsappStatus(String(count), 'sent')],
        };
        await store(own, 'wa', whatsapp(parts));
      }),
    );
    const seen: string[] = [];
    const numbers: number[] = [];
    let last = 0;
    for (let life = 0; seen.length < 480; life += 1) {
      const next = both(t, own, '', String(last));
      await next.take(1);
      const done = next.events.slice(0, 1 + (life % 7) * 9);
      next.cut();
      seen.push(...done.map(idIn));
      numbers.push(...done.map(({ id }) => id));
      last = done.at(-1)?.id ?? last;
    }
    await posting;
    assert.deepEqual(seen.toSorted(), [...wanted].toSorted());
    assert.deepEqual(
      numbers,
      Array.from({ length: 480 }, (_, index) => index + 1),
    );
    const messages = new Follower(t, own.port, '?after=0');
    await messages.take(240);
    assert.deepEqual(
      messages.events.map(({ id, data }) => `${id} message ${data.message_id}`),
      seen.map((id, index) => `${index + 1} ${id}`).filter((line) => line.includes(' message ')),
    );
  });
});

describe('a client that does not read', () => {
  it('keeps nobody else from either stream, and gets what it missed', async (t) => {
    const stuck = await both(t, service, '?after=0').open();
    stuck.pause();
    const reading = [await both(t, service).open(), await new Follower(t, service.port).open()];
    const wanted = Array.from({ length: 40 }, (_, count) => `large ${count}`);
    for (const id of wanted) {
      await store(service, 'wa', whatsapp({ messages: [whatsappText(id, 'é'.repeat(60_000))] }));
    }
    for (const follower of reading)
      assert.deepEqual(
        await follower.take(wanted.length),
        wanted.map((id) => `wa:${id}`),
      );
    stuck.resume();
    await eventually('what the slow client had missed', () =>
      stuck.lastId === reading[0]?.lastId ? true : undefined,
    );
    const ids = stuck.events.map(({ id }) => id);
    assert.deepEqual(
      ids,
      Array.from({ length: ids.length }, (_, index) => index + 1),
    );
  });
});
