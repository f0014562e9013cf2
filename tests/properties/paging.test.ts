// Paging tiles the list: for any messages, any filters and any limit, the pages one after the other are the whole list, once and in order.
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import * as fc from 'fast-check';
import { bytesOf, sign, uniqueNumber } from '../support/message.ts';
import type { Stored } from '../support/message.ts';
import { Pipeline } from '../support/pipeline.ts';
import { startService } from '../support/service.ts';
import { pageIn } from '../support/shapes.ts';
import type { Page } from '../support/shapes.ts';
import { head, webhookBytes } from '../support/wire.ts';
import { contains, inOrder, nanosecondsOf } from './oracle.ts';

// Without this, nothing longer than about ten would ever be drawn, whatever maximum is given below.
fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });

const service = await startService({ after });

const fraction = fc.constantFrom(
  '',
  '.0',
  '.5',
  '.50',
  '.500000000',
  '.000000001',
  '.499999999',
  '.9',
  '.123456789',
);
const instant = fc
  .tuple(
    fc.constantFrom('2025-01-15', '2025-01-16', '0001-01-01', '9999-12-31'),
    fc.constantFrom('00:00:00', '10:00:00', '23:59:59'),
    fraction,
  )
  .map(([day, time, part]) => `${day}T${time}${part}Z`);
const word = fc.constantFrom('a', 'É', 'é', 'B', '%', ' ', 'п');
const draft = fc.record({
  ending: fc.string({
    unit: fc.oneof(
      fc.constantFrom('a', 'A', '\uffff', '\u{10000}', '\ue000', '😀', '\u0000', 'é'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
    maxLength: 4,
  }),
  second: fc.boolean(),
  ts: instant,
  text: fc.option(fc.array(word, { maxLength: 4 }).map((words) => words.join(''))),
});
// Half of the queries have no filter beside the sender's, so that there are pages enough to tile.
const filter = fc.record({
  from: fc.boolean(),
  since: fc.option(instant, { freq: 1 }),
  q: fc.option(word, { freq: 1 }),
});

async function post(pipeline: Pipeline, messages: Stored[]): Promise<void> {
  const bodies = messages.map((sent) => bytesOf({ ...sent }));
  const answers = await pipeline.send(bodies.map((body) => webhookBytes(body, [sign(body)])));
  for (const answer of answers) assert.equal(answer.status, 200, answer.body.toString());
}

async function pages(
  pipeline: Pipeline,
  query: string,
  limit: number,
  count: number,
): Promise<Page[]> {
  const requests: Buffer[] = [];
  for (let offset = 0; offset <= count; offset += limit)
    requests.push(head('GET', `/messages?${query}&limit=${limit}&offset=${offset}`));
  const answers = await pipeline.send(requests);
  return answers.map((answer) => {
    assert.equal(answer.status, 200, answer.body.toString());
    return pageIn(JSON.parse(answer.body.toString()));
  });
}

it('any messages, any filters, any limit', async (t) => {
  const pipeline = new Pipeline(t, service.port);
  const property = fc.asyncProperty(
    fc.uniqueArray(draft, { maxLength: 30, selector: (drawn) => drawn.ending }),
    filter,
    fc.integer({ min: 1, max: 12 }),
    async (drafts, { from: bySender, since, q }, limit) => {
      // Two senders of this run alone, so that its messages can be told from those of the others.
      const senders = [uniqueNumber(), uniqueNumber()] as const;
      const messages = drafts.map(({ ending, second, ts, text }): Stored => ({
        message_id: `${senders[0]}${ending}`,
        from: senders[second ? 1 : 0],
        to: '+1',
        ts,
        text,
      }));
      await post(pipeline, messages);
      for (const sender of bySender ? senders : senders.slice(0, 1)) {
        const wanted = inOrder(messages).filter((sent) => {
          const late = since === null || nanosecondsOf(sent.ts) >= nanosecondsOf(since);
          const found = q === null || (sent.text !== null && contains(sent.text, q));
          return sent.from === sender && late && found;
        });
        const query = new URLSearchParams({
          from: sender,
          ...(since === null ? {} : { since }),
          ...(q === null ? {} : { q }),
        });
        const tiles = await pages(pipeline, query.toString(), limit, wanted.length + limit);
        assert.deepEqual(
          tiles.flatMap((page) => page.data),
          wanted,
        );
        for (const [index, page] of tiles.entries()) {
          assert.deepEqual(
            [page.total, page.limit, page.offset],
            [wanted.length, limit, index * limit],
          );
          assert.ok(
            page.data.length === limit || index * limit + page.data.length >= wanted.length,
            'only the last pages may be short',
          );
        }
      }
    },
  );
  await fc.assert(property, { numRuns: 100 });
});

it('the unfiltered list, of everything that came in before', async (t) => {
  const pipeline = new Pipeline(t, service.port);
  const { total } = await service.page('?limit=1');
  assert.ok(total > 100);
  const whole = (await pages(pipeline, '', 100, total)).flatMap((page) => page.data);
  assert.equal(whole.length, total);
  assert.equal(new Set(whole.map((stored) => stored.message_id)).size, total);
  assert.deepEqual(whole, inOrder(whole));
  for (const limit of [7, 33])
    assert.deepEqual(
      (await pages(pipeline, '', limit, total)).flatMap((page) => page.data),
      whole,
    );
});
