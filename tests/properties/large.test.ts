// A store of thousands of messages, where indexes and counters do the work: pages, totals, searches and statistics still equal an oracle's.
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import type { TestContext } from 'node:test';
import * as fc from 'fast-check';
import { bytesOf, sign } from '../support/message.ts';
import type { Stored } from '../support/message.ts';
import { Pipeline } from '../support/pipeline.ts';
import { startService } from '../support/service.ts';
import type { Service } from '../support/service.ts';
import { statsIn } from '../support/shapes.ts';
import { webhookBytes } from '../support/wire.ts';
import { fold, inOrder, nanosecondsOf } from './oracle.ts';

const MESSAGES = 4000;
const seed = Date.now();

/** Few senders have most of the messages, as it is in life. */
const sender = fc.nat(99).map((drawn) => `+${drawn < 60 ? 1 : drawn < 85 ? 2 : drawn}`);
const instant = fc
  .tuple(fc.nat(40), fc.nat(3), fc.constantFrom('', '.0', '.5', '.50', '.000000001', '.999999999'))
  .map(([minute, second, part]) => `2025-01-15T10:${String(minute + 10)}:0${second}${part}Z`);
const WORDS =
  'Hello|HELLO|invoice|Zażółć|Привет|ПРИВЕТ|café|100%|a_b|"quoted"|x|😀|👍🏽|nul\u0000byte|\\|needle-in-the-stack|aaa|aaaa|Ünïcödé';
const word = fc.constantFrom(...WORDS.split('|'));
const text = fc.option(fc.array(word, { maxLength: 8 }).map((words) => words.join(' ')));
const drawn = fc.record({ from: sender, ts: instant, text });
const generated = fc.record({
  from: fc.option(sender, { freq: 2 }),
  since: fc.option(instant),
  q: fc.option(
    fc.oneof(
      word,
      fc.tuple(word, fc.nat(3), fc.integer({ min: 1, max: 4 })).map(([whole, start, length]) =>
        Array.from(whole)
          .slice(start, start + length)
          .join(''),
      ),
      fc.tuple(word, word).map((words) => words.join(' ')),
      fc.constantFrom('nothing like it', 'e', 'É', ' ', 'zz', 'привет ', '%'),
    ),
  ),
  limit: fc.integer({ min: 1, max: 100 }),
  place: fc.double({ min: 0, max: 1.1, noNaN: true }),
});

const messages = fc.sample(drawn, { numRuns: MESSAGES, seed }).map((each, index): Stored => ({
  // Ids in no order of time, some of them beyond the basic plane.
  message_id: `${['a', 'Z', '😀', '\uffff', 'é'][index % 5] ?? ''}${(index * 7919) % MESSAGES}`,
  to: '+1',
  ...each,
}));
const ordered = inOrder(messages).map((stored) => ({
  stored,
  at: nanosecondsOf(stored.ts),
  folded: stored.text === null ? null : fold(stored.text),
}));

const service = await startService({ after });

async function askAll(asked: Service, runs: number): Promise<void> {
  const property = fc.asyncProperty(generated, async ({ from, since, q, limit, place }) => {
    const least = since === null ? null : nanosecondsOf(since);
    const needle = q === null || q === '' ? null : fold(q);
    const wanted = ordered.filter(
      ({ stored, at, folded }) =>
        (from === null || stored.from === from) &&
        (least === null || at >= least) &&
        (needle === null || (folded !== null && folded.includes(needle))),
    );
    const offset = Math.floor(place * wanted.length);
    const query = new URLSearchParams({ limit: String(limit), offset: String(offset) });
    for (const [name, value] of Object.entries({ from, since, q })) {
      if (value !== null) query.set(name, value);
    }
    const page = await asked.page(`?${query.toString()}`);
    assert.equal(page.total, wanted.length);
    assert.deepEqual(
      page.data,
      wanted.slice(offset, offset + limit).map(({ stored }) => stored),
    );
  });
  await fc.assert(property, { numRuns: runs });
}

async function assertStatistics(asked: Service): Promise<void> {
  const counts = new Map<string, number>();
  for (const { from } of messages) counts.set(from, (counts.get(from) ?? 0) + 1);
  const busiest = [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const stats = statsIn((await asked.get('/stats')).json());
  assert.equal(stats.total_messages, MESSAGES);
  assert.equal(stats.senders_count, counts.size);
  assert.deepEqual(
    stats.messages_per_sender,
    busiest.slice(0, 10).map(([from, count]) => ({ from, count })),
  );
  const [first, last] = [ordered[0]?.at, ordered.at(-1)?.at];
  assert.deepEqual(
    [stats.first_message_ts, stats.last_message_ts].map((ts) => nanosecondsOf(ts ?? '')),
    [first, last],
  );
}

async function postAll(t: TestContext): Promise<void> {
  const share = Math.ceil(MESSAGES / 8);
  const shares = Array.from({ length: 8 }, (_, index) =>
    messages.slice(index * share, (index + 1) * share),
  );
  await Promise.all(
    shares.map(async (part) => {
      const bodies = part.map((stored) => bytesOf({ ...stored }));
      const pipeline = new Pipeline(t, service.port);
      const answers = await pipeline.send(bodies.map((body) => webhookBytes(body, [sign(body)])));
      for (const answer of answers) assert.equal(answer.status, 200);
    }),
  );
}

it(`at once after the last 200, later, and after a restart (seed ${seed})`, async (t) => {
  await postAll(t);
  await askAll(service, 100);
  await assertStatistics(service);
  await askAll(service, 100);
  await service.stop();
  const again = await startService(t, { directory: service.directory });
  await askAll(again, 50);
  await assertStatistics(again);
});
