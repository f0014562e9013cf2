// What the API shows of destinations, and how it steers them: real requests to a real application.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { destinations, startApplication } from './support/application.ts';
import { Description } from './support/description.ts';
import { isIdle, read, shown, steer, TOKEN } from './support/forwards.ts';
import { message } from './support/message.ts';
import { startService } from './support/service.ts';
import { SOURCES, store, whatsapp, whatsappStatus, whatsappText } from './support/sources.ts';

const application = await startApplication({ after });
const BASE = `http://127.0.0.1:${application.port}`;
const env = {
  ...SOURCES,
  API_TOKEN: TOKEN,
  ...destinations(
    {
      app: `http://who:the-password@127.0.0.1:${application.port}/in/box?key=the-key&n=1&the-key`,
      events: `${BASE}/events`,
      raw: `${BASE}/raw`,
    },
    { events: { TYPES: 'event.*' }, raw: { MODE: 'raw', SOURCES: 'wa', SECRET: undefined } },
  ),
};
const service = await startService({ after }, { env });
const api = await Description.of(service);
const DEAD = ['m1', 'm2', 'm3', 'm4', 'm5'];

interface Letter {
  readonly id: string;
  readonly seq: number;
}

async function dead(query = ''): Promise<{ data: Letter[]; next_cursor: string | null }> {
  return (await read(service, `/forwards/app/dead${query}`)).json() as {
    data: Letter[];
    next_cursor: string | null;
  };
}

async function attempts(seq: number): Promise<Record<string, unknown>[]> {
  return (
    (await read(service, `/forwards/attempts?seq=${seq}`)).json() as {
      data: Record<string, unknown>[];
    }
  ).data;
}

before(async () => {
  application.answer = (body) => (body.includes('refused') ? 422 : 200);
  await service.store(message({ message_id: 'taken' }));
  for (const id of DEAD) await service.store(message({ message_id: id, text: 'refused' }));
  await store(
    service,
    'wa',
    whatsapp({ messages: [whatsappText('w1', 'hi')], statuses: [whatsappStatus('w1', 'read')] }),
  );
  await shown(service, 'app', (one) => isIdle(one) && one.dead === DEAD.length);
  await shown(service, 'events', isIdle);
  await shown(service, 'raw', isIdle);
});

describe('GET /forwards', () => {
  it('lists the destinations in their order, as they are described', async () => {
    const answer = await read(service, '/forwards');
    assert.equal(api.refutes('GET', '/forwards', answer), null);
    const { data } = answer.json() as { data: Record<string, unknown>[] };
    assert.deepEqual(
      data.map(({ name, mode, order, state, dead: letters, delivered }) => [
        name,
        mode,
        order,
        state,
        letters,
        delivered,
      ]),
      [
        ['app', 'item', 'sender', 'running', 5, 3],
        ['events', 'item', 'sender', 'running', 0, 1],
        ['raw', 'raw', 'sender', 'running', 0, 1],
      ],
    );
  });

  it('shows no password and no value of a query, anywhere', async () => {
    const { url } = await shown(service, 'app');
    assert.equal(url, `${BASE}/in/box?key=********&n=********&********`);
    const seq = (await dead()).data[0]?.seq ?? 0;
    for (const path of ['/forwards', '/forwards/app/dead', `/forwards/attempts?seq=${seq}`])
      assert.doesNotMatch((await read(service, path)).text, /who|the-password|the-key/, path);
    assert.doesNotMatch(service.output.stdout, /the-password|the-key/);
  });
});

describe('GET /forwards/{name}/dead', () => {
  it('lists them in the order of their numbers, page by page', async () => {
    const seen: Letter[] = [];
    let cursor: string | null = '';
    let pages = 0;
    for (; cursor !== null; pages += 1) {
      const answer = await read(service, `/forwards/app/dead?limit=2&cursor=${cursor}`);
      assert.equal(api.refutes('GET', '/forwards/{name}/dead', answer), null);
      const page = answer.json() as { data: Letter[]; next_cursor: string | null };
      seen.push(...page.data);
      cursor = page.next_cursor;
    }
    assert.deepEqual([pages, seen.map(({ id }) => id)], [3, DEAD]);
  });

  it('has what is known of each', async () => {
    const { data } = (await read(service, '/forwards/app/dead?limit=1')).json() as {
      data: Record<string, unknown>[];
    };
    const { first_attempt_at, last_attempt_at, error, ...rest } = data[0] ?? {};
    assert.deepEqual(rest, {
      id: 'm1',
      seq: 2,
      source: 'default',
      type: 'message',
      party: message().from,
      attempts: 1,
    });
    assert.equal(first_attempt_at, last_attempt_at);
    assert.match(String(error), /422/);
  });
});

describe('GET /forwards/attempts', () => {
  it('shows an item that was given up, one that was delivered, and those of a post', async () => {
    const [given, ...others] = await attempts(2);
    assert.deepEqual([given?.['name'], given?.['state'], given?.['attempts']], ['app', 'dead', 1]);
    assert.deepEqual(others, []);
    assert.deepEqual(
      (await attempts(1)).map(({ name, state }) => [name, state]),
      [['app', 'delivered']],
    );
    // The message and the status of one post: the destination of events wants one of them, that of posts has both.
    const ofPost = await Promise.all([7, 8].map(attempts));
    assert.deepEqual(
      ofPost.map((found) => found.map(({ name, state }) => `${String(name)} ${String(state)}`)),
      [
        ['app delivered', 'raw delivered'],
        ['app delivered', 'events delivered', 'raw delivered'],
      ],
    );
  });

  it('is 404 where there is no such item', async () => {
    const answer = await read(service, '/forwards/attempts?seq=4711');
    assert.equal(answer.status, 404);
  });
});

// From here on, dead letters are steered: the order of these tests matters.
describe('steering', () => {
  it('retries some by their ids, and they are attempted at once', async () => {
    application.answer = () => 200;
    const answer = await steer(service, '/forwards/app/retry', { ids: ['m1', 'taken', 'none'] });
    assert.deepEqual(answer.json(), { retried: 1 });
    assert.equal(api.refutes('POST', '/forwards/{name}/retry', answer), null);
    await shown(service, 'app', (one) => isIdle(one) && one.dead === 4);
    assert.equal(application.taken.filter((id) => id === 'm1').length, 1);
  });

  it('discards some, which are never attempted again', async () => {
    const answer = await steer(service, '/forwards/app/discard', { ids: ['m2'] });
    assert.deepEqual(answer.json(), { discarded: 1 });
    assert.equal(api.refutes('POST', '/forwards/{name}/discard', answer), null);
    const left = (await dead()).data.map(({ id }) => id);
    assert.deepEqual(left, ['m3', 'm4', 'm5']);
    const [found] = await attempts(3);
    assert.deepEqual([found?.['state'], found?.['attempts']], ['discarded', 1]);
    assert.match(String(found?.['error']), /422/);
  });

  it('retries all, in the order of their conversation', async () => {
    const answer = await steer(service, '/forwards/app/retry', { all: true });
    assert.deepEqual(answer.json(), { retried: 3 });
    await shown(service, 'app', (one) => isIdle(one) && one.dead === 0);
    assert.deepEqual(application.taken.slice(-3), ['m3', 'm4', 'm5']);
  });

  it('replays by numbers, by instants and by source, each once', async () => {
    const start = application.taken.length;
    const answer = await steer(service, '/forwards/app/replay', { from: 2, to: 3 });
    assert.deepEqual(answer.json(), { replayed: 2, next: null });
    assert.equal(api.refutes('POST', '/forwards/{name}/replay', answer), null);
    await shown(service, 'app', isIdle);
    assert.deepEqual(application.taken.slice(start), ['m1', 'm2']);
    const bySource = { from: 1, source: 'wa' };
    const replayed = await steer(service, '/forwards/app/replay', bySource);
    assert.deepEqual(replayed.json(), { replayed: 2, next: null });
    // Those that it does not want are not sent, whatever is asked for.
    const wanted = await steer(service, '/forwards/events/replay', { from: 1 });
    assert.deepEqual(wanted.json(), { replayed: 1, next: null });
    await shown(service, 'app', isIdle);
    await shown(service, 'events', isIdle);
    assert.deepEqual(application.taken.slice(start + 2).toSorted(), [
      'wa:w1',
      'wa:w1:read',
      'wa:w1:read',
    ]);
  });

  it('finds the number of an instant of receipt', async () => {
    const { received_at: at } = (await read(service, '/message?id=m3')).json() as {
      received_at: string;
    };
    const one = await steer(service, '/forwards/app/replay', { from: at, to: at });
    const { replayed } = one.json() as { replayed: number };
    assert.ok(replayed >= 1);
    await shown(service, 'app', isIdle);
    assert.ok(application.taken.slice(-replayed).includes('m3'));
    const future = await steer(service, '/forwards/app/replay', { from: '2100-01-01T00:00:00Z' });
    assert.deepEqual(future.json(), { replayed: 0, next: null });
    const past = { from: '2020-01-01T00:00:00Z', to: '2020-01-02T00:00:00.5Z' };
    const none = await steer(service, '/forwards/app/replay', past);
    assert.deepEqual(none.json(), { replayed: 0, next: null });
  });
});

describe('a destination that is not configured any more', () => {
  it('is removed: its dead letters are shown and discarded, and nothing is replayed', async (t) => {
    const first = await startService(t, { env });
    application.answer = () => 422;
    await first.store(message({ message_id: 'left' }));
    await shown(first, 'app', (one) => one.dead === 1);
    await first.stop();
    const second = await startService(t, {
      directory: first.directory,
      env: { ...SOURCES, API_TOKEN: TOKEN },
    });
    const { state, mode, url } = await shown(second, 'app');
    assert.deepEqual([state, mode, url], ['removed', null, null]);
    assert.equal((await steer(second, '/forwards/app/replay', { from: 1 })).status, 404);
    const answer = await steer(second, '/forwards/app/discard', { all: true });
    assert.deepEqual(answer.json(), { discarded: 1 });
  });
});
