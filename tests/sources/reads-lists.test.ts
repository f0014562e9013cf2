// Lists of any messages and events: each order, filter, offset and cursor gives what a filter over all of them does.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as fc from 'fast-check';
import { contains, inOrder, nanosecondsOf } from '../properties/oracle.ts';
import { linkOf, walk } from '../support/links.ts';
import type { Answer } from '../support/request.ts';
import { type Service, startService } from '../support/service.ts';
import { SOURCES } from '../support/sources.ts';
import { type Known, SENDERS, instant, item, stored } from './any-items.ts';

// Without this, nothing longer than about ten would ever be drawn, whatever maximum is given below.
fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });

const QUERIES = 25;

const ofBoth = {
  source: fc.option(fc.constantFrom('default', 'shop', 'wa', 'bill', 'none'), { freq: 1 }),
  since: fc.option(instant, { freq: 1 }),
  until: fc.option(instant, { freq: 1 }),
  order: fc.constantFrom('asc', 'desc', ''),
  limit: fc.integer({ min: 1, max: 9 }),
};
const messageQuery = fc.record({
  ...ofBoth,
  from: fc.option(fc.constantFrom(...SENDERS, '+2'), { freq: 1 }),
  q: fc.option(fc.constantFrom('a', 'É', 'b', ' '), { freq: 1 }),
});
const eventQuery = fc.record({
  ...ofBoth,
  type: fc.option(fc.constantFrom('paid', 'a b+c', 'status', 'none'), { freq: 1 }),
  subject: fc.option(fc.constantFrom('wa:x+y', 'wa:x y', 'wa:ä/%', 'x+y'), { freq: 1 }),
});

/** What both lists filter by. */
interface Filter {
  readonly source: string | null;
  readonly since: string | null;
  readonly until: string | null;
  readonly order: string;
}

const passes = (known: Known, { source, since, until }: Filter): boolean =>
  (source === null || known.source === source) &&
  (since === null || nanosecondsOf(known.ts) >= nanosecondsOf(since)) &&
  (until === null || nanosecondsOf(known.ts) < nanosecondsOf(until));

/** The items in the order asked for, by the words of the specification. */
function ordered(items: readonly Known[], order: string): Known[] {
  const all = inOrder(items) as Known[];
  return order === 'desc' ? all.toReversed() : all;
}

/** A query string of what is not null; an empty order counts as absent. */
function queryOf(values: Readonly<Record<string, string | number | null>>): string {
  const given = Object.entries(values).flatMap(([name, value]) =>
    value === null ? [] : [[name, String(value)]],
  );
  return new URLSearchParams(given).toString();
}

/** Fails unless pages one after the other are the list, forward and backward. Returns those forward. */
async function assertWalks(
  service: Service,
  path: string,
  limit: number,
  wanted: readonly unknown[],
): Promise<Answer[]> {
  const dataOf = (answer: Answer): unknown[] => (answer.json() as { data: unknown[] }).data;
  const forward = await walk(service, path, 'next');
  assert.deepEqual(forward.flatMap(dataOf), wanted, path);
  for (const page of forward.slice(0, -1)) assert.equal(dataOf(page).length, limit);
  assert.equal(linkOf(forward[0] as Answer, 'prev'), null);
  const last = linkOf(forward.at(-1) as Answer, 'prev');
  if (forward.length === 1) assert.equal(last, null);
  else {
    const backward = await walk(service, last ?? '', 'prev');
    const before = wanted.slice(0, (forward.length - 1) * limit);
    assert.deepEqual(backward.toReversed().flatMap(dataOf), before, `back from the end of ${path}`);
    const [first] = backward.slice(-1);
    assert.equal(linkOf(first as Answer, 'first'), linkOf(forward[0] as Answer, 'first'));
  }
  return forward;
}

it('any messages and events, any filters, both orders', async (t) => {
  const property = fc.asyncProperty(
    fc.array(item, { minLength: 20, maxLength: 70 }),
    fc.array(messageQuery, { minLength: QUERIES, maxLength: QUERIES }),
    fc.array(eventQuery, { minLength: QUERIES, maxLength: QUERIES }),
    async (drawn, messageQueries, eventQueries) => {
      const service = await startService(t, { env: SOURCES });
      const items: Known[] = [];
      for (const [index, one] of drawn.entries()) items.push(await stored(service, one, index));
      const messages = items.filter(({ type }) => type === '');
      const events = items.filter(({ type }) => type !== '');
      for (const query of messageQueries) {
        const { from, q, limit, order } = query;
        const wanted = ordered(
          messages.filter(
            (known) =>
              passes(known, query) &&
              (from === null || known.from === from) &&
              (q === null || (known.text !== null && contains(known.text, q))),
          ),
          order,
        ).map(({ message_id, from: sender, to, ts, text: words }) => ({
          message_id,
          from: sender,
          to,
          ts,
          text: words,
        }));
        const path = `/messages?${queryOf(query)}`;
        for (const page of await assertWalks(service, path, limit, wanted))
          assert.equal((page.json() as { total: number }).total, wanted.length);
        for (const offset of [1, limit, wanted.length, wanted.length + 1]) {
          const page = await service.page(`?${queryOf(query)}&offset=${offset}`);
          assert.deepEqual(
            page.data,
            wanted.slice(offset, offset + limit),
            `${path}&offset=${offset}`,
          );
          assert.deepEqual([page.total, page.offset], [wanted.length, offset]);
        }
      }
      for (const query of eventQueries) {
        const { type, subject, limit, order } = query;
        const wanted = ordered(
          events.filter(
            (known) =>
              passes(known, query) &&
              (type === null || known.type === type) &&
              (subject === null || known.subject === subject),
          ),
          order,
        ).map(({ message_id, source, type: its, subject: about, ts }) => [
          message_id,
          source,
          its,
          about,
          ts,
        ]);
        const path = `/events?${queryOf(query)}`;
        const whole = await walk(service, path, 'next');
        const listed = whole.flatMap(
          (page) => (page.json() as { data: Record<string, unknown>[] }).data,
        );
        assert.deepEqual(
          listed.map((event) => [
            event['event_id'],
            event['source'],
            event['type'],
            event['subject'],
            event['ts'],
          ]),
          wanted,
          path,
        );
        await assertWalks(service, path, limit, listed);
      }
      await service.stop();
    },
  );
  await fc.assert(property, { numRuns: 6, endOnFailure: true });
});
