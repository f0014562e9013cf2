// Deliveries that come again, at once and in parts: each item is stored once, and every post is answered 200.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { parseExposition, valueOf } from '../../support/exposition.ts';
import { type Service, startService } from '../../support/service.ts';
import { recordIn } from '../../support/shapes.ts';
import { type Draft, metaDraft } from './kinds.ts';
import { Provider, environmentOf } from './provider.ts';
import { storedOf } from './stored.ts';

const meta = new Provider('meta', 'whatsapp');
const github = new Provider('github', 'code');
const service = await startService({ after }, { env: environmentOf([meta, github]) });

/** Counts of items in the metrics of a source. */
async function itemCounts(source: string): Promise<Record<string, number>> {
  const families = parseExposition((await service.get('/metrics')).text);
  const counts: Record<string, number> = {};
  for (const item of ['message', 'event'])
    for (const result of ['created', 'duplicate', 'conflict'])
      counts[`${item} ${result}`] = valueOf(families, 'oncebox_source_items_total', {
        source,
        item,
        result,
      });
  return counts;
}

/** Posts all drafts at once. Returns by how much the counts of items have grown. */
async function postAtOnce(drafts: readonly Draft[]): Promise<Record<string, number>> {
  const before = await itemCounts(meta.name);
  const answers = await Promise.all(drafts.map((draft) => meta.post(service, draft)));
  assert.deepEqual(
    [...new Set(answers.map(({ status, text }) => `${status} ${text}`))],
    ['200 {"status":"ok"}'],
  );
  const now = await itemCounts(meta.name);
  return Object.fromEntries(
    Object.entries(now).map(([name, count]) => [name, count - (before[name] ?? 0)]),
  );
}

/** The delivery with which an item was stored. */
async function deliveryOf(path: string, id: string): Promise<string> {
  const found = await service.get(`/${path}?id=${encodeURIComponent(`${meta.name}:${id}`)}`);
  assert.equal(found.status, 200, found.text);
  const answer = await service.get(`/delivery?id=${Number(recordIn(found.json())['delivery'])}`);
  assert.equal(answer.status, 200);
  return answer.text;
}

const fresh = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

describe('one delivery, many times at once', () => {
  for (const count of [50, 200])
    it(`${count} of them: all 200, and each item is created once`, async () => {
      const draft = metaDraft(fresh(3));
      const grown = await postAtOnce(Array.from({ length: count }, () => draft));
      assert.deepEqual(grown, {
        'message created': 3,
        'message duplicate': 3 * (count - 1),
        'message conflict': 0,
        'event created': 3,
        'event duplicate': 3 * (count - 1),
        'event conflict': 0,
      });
      const stored = await storedOf(service, meta.name);
      for (const id of draft.messages) assert.ok(stored.messages.includes(id));
      for (const id of draft.events) assert.ok(stored.events.includes(id));
    });
});

describe('deliveries that overlap', () => {
  it('at once, each with another part of the same items: each item is stored once, with a delivery that has it', async () => {
    const keys = fresh(30);
    const drafts = Array.from({ length: 60 }, (_, index) =>
      metaDraft(keys.filter((_key, at) => (at * 7 + index * 11) % 30 < 1 + (index % 9))),
    ).filter(({ messages }) => messages.length > 0);
    const sent = drafts.reduce((sum, { messages }) => sum + messages.length, 0);
    const all = metaDraft(keys);
    const covered = new Set(drafts.flatMap(({ messages }) => messages));
    const grown = await postAtOnce(drafts);
    assert.deepEqual(grown, {
      'message created': covered.size,
      'message duplicate': sent - covered.size,
      'message conflict': 0,
      'event created': covered.size,
      'event duplicate': sent - covered.size,
      'event conflict': 0,
    });
    const stored = await storedOf(service, meta.name);
    for (const id of covered) {
      assert.equal(stored.messages.filter((other) => other === id).length, 1);
      assert.ok((await deliveryOf('message', id)).includes(`"${id}"`));
    }
    for (const id of all.events.filter((_id, index) => covered.has(all.messages[index] ?? '')))
      assert.equal(stored.events.filter((other) => other === id).length, 1);
  });

  it('one after the other: the second stores what is new in it, and keeps its own bytes for that', async () => {
    const [first = '', both = '', second = ''] = fresh(3);
    const drafts = [metaDraft([both, first]), metaDraft([both, second])];
    for (const draft of drafts) assert.equal((await meta.post(service, draft)).status, 200);
    const bodies = drafts.map(({ body }) => body.toString());
    assert.equal(await deliveryOf('message', `wamid.${both}`), bodies[0]);
    assert.equal(await deliveryOf('message', `wamid.${second}`), bodies[1]);
    assert.equal(await deliveryOf('event', `wamid.out-${second}:delivered`), bodies[1]);
  });

  it('an item that is twice in one delivery is stored once', async () => {
    const [key = ''] = fresh(1);
    const body = metaDraft([key]).body.toString();
    const list = /"messages":\[(\{.*?\}\})\]/.exec(body);
    assert.ok(list);
    const twice = body.replace(list[0], `"messages":[${list[1]},${list[1]}]`);
    const grown = await postAtOnce([{ ...metaDraft([key]), body: Buffer.from(twice) }]);
    assert.deepEqual([grown['message created'], grown['message duplicate']], [1, 1]);
  });
});

describe('one id with other content', () => {
  /** Events of the type `conflict` about a message, as `GET /message` has them. */
  async function conflictsOf(id: string): Promise<unknown[]> {
    const answer = await service.get(`/message?id=${encodeURIComponent(`${meta.name}:${id}`)}`);
    const { conflicts } = recordIn(answer.json());
    assert.ok(Array.isArray(conflicts));
    return conflicts as unknown[];
  }

  it('the first stays, the second is kept beside it, and both posts are 200', async () => {
    const [key = ''] = fresh(1);
    const draft = metaDraft([key]);
    const other = Buffer.from(draft.body.toString().replace(`text of ${key}`, 'other words'));
    await postAtOnce([draft]);
    const grown = await postAtOnce([{ ...draft, body: other }]);
    assert.deepEqual([grown['message conflict'], grown['event duplicate']], [1, 1]);
    const [conflict, ...more] = await conflictsOf(`wamid.${key}`);
    assert.deepEqual(more, []);
    assert.match(JSON.stringify(recordIn(conflict)['payload']), /other words/);
    const line = await service.output.line('the conflict', (seen) => seen.conflicts === 1);
    assert.deepEqual([line.level, line.result, line.duplicates], ['WARNING', 'duplicate', 1]);
    const again = await postAtOnce([{ ...draft, body: other }]);
    assert.equal(again['message conflict'], 1);
    assert.equal((await conflictsOf(`wamid.${key}`)).length, 1);
  });

  it('40 contents at once: one is stored, sixteen others are kept', async () => {
    const [key = ''] = fresh(1);
    const draft = metaDraft([key]);
    const texts = Array.from({ length: 40 }, (_, index) => `words ${index}`);
    const grown = await postAtOnce(
      texts.map((text) => ({
        ...draft,
        body: Buffer.from(draft.body.toString().replace(`text of ${key}`, text)),
      })),
    );
    assert.deepEqual([grown['message created'], grown['message conflict']], [1, 39]);
    assert.equal((await conflictsOf(`wamid.${key}`)).length, 16);
  });
});

it('two sources may use the same id: each has its own item', async () => {
  const id = randomUUID();
  const body = Buffer.from('{"zen":"Keep it logically awesome."}');
  assert.equal((await github.post(service, { id, body })).status, 200);
  const { messages } = metaDraft([id]);
  assert.equal((await meta.post(service, metaDraft([id]))).status, 200);
  assert.ok((await storedOf(service, github.name)).events.includes(id));
  assert.ok((await storedOf(service, meta.name)).messages.includes(messages[0] ?? ''));
});

/** Posts a delivery over and over until the service is gone. */
async function postUntilDeath(mortal: Service, next: () => Draft): Promise<Draft[]> {
  const acknowledged: Draft[] = [];
  for (;;) {
    const draft = next();
    const answer = await meta.post(mortal, draft).catch(() => null);
    if (answer === null) return acknowledged;
    if (answer.status === 200) acknowledged.push(draft);
    else assert.equal(answer.status, 503);
  }
}

it('a restart and a kill change nothing: what was acknowledged is a duplicate, and no delivery is there in part', async (t) => {
  const options = { env: environmentOf([meta]) };
  const first = await startService(t, options);
  const { directory } = first;
  const early = metaDraft(fresh(4));
  assert.equal((await meta.post(first, early)).status, 200);
  await first.stop();

  const second = await startService(t, { ...options, directory });
  assert.equal((await meta.post(second, early)).status, 200);
  const sent: Draft[] = [];
  const lanes = Array.from({ length: 8 }, () =>
    postUntilDeath(second, () => {
      const draft = metaDraft(fresh(1 + (sent.length % 6)));
      sent.push(draft);
      return draft;
    }),
  );
  await second.output.atLeast(100, 'deliveries', (line) => line.result === 'created');
  await second.stop('SIGKILL');
  const acknowledged = (await Promise.all(lanes)).flat();
  assert.ok(acknowledged.length >= 100);

  const third = await startService(t, { ...options, directory });
  const stored = await storedOf(third, meta.name);
  const messages = new Set(stored.messages);
  const events = new Set(stored.events);
  assert.deepEqual([messages.size, events.size], [stored.messages.length, stored.events.length]);
  const present = ({ messages: ids, events: others }: Draft): number =>
    ids.filter((id) => messages.has(id)).length + others.filter((id) => events.has(id)).length;
  for (const draft of [early, ...acknowledged])
    assert.equal(present(draft), 2 * draft.messages.length, 'it was acknowledged');
  for (const draft of sent)
    assert.ok([0, 2 * draft.messages.length].includes(present(draft)), 'it is there in part');
  for (const draft of [early, ...sent]) assert.equal((await meta.post(third, draft)).status, 200);
  const all = await storedOf(third, meta.name);
  assert.deepEqual(
    [all.messages, all.events],
    [
      [early, ...sent].flatMap((draft) => draft.messages).toSorted(),
      [early, ...sent].flatMap((draft) => draft.events).toSorted(),
    ],
  );
});
