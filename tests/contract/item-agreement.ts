// Comparing a store with the one in memory: events, single items with all that is known of them, deliveries, and counts of sources.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import type { EventQuery } from '../../app/model/event.ts';
import { parseInstant } from '../../app/model/instant.ts';
import type { OrderKey } from '../../app/model/order.ts';
import type { Cursor } from '../../app/model/page.ts';
import type { Store } from '../../app/storage/store.ts';
import { assertEndsAgree, entriesOf, numbersToPlaces, withoutLocalTimes } from './agreement.ts';
import { walkPages } from './engine.ts';
import type { MemoryStore } from './oracle.ts';

/** An event as it is listed. */
export interface ListedEvent {
  readonly event_id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string | null;
  readonly ts: string;
  readonly seq: number;
}

export function eventQuery(overrides: Partial<EventQuery> = {}): EventQuery {
  const filters = { source: null, type: null, subject: null, since: null, until: null };
  return { limit: 50, ...filters, order: 'asc', cursor: null, ...overrides };
}

/** The events of a page. */
export async function listEvents(
  store: Store,
  overrides: Partial<EventQuery> = {},
): Promise<{ data: ListedEvent[]; prev: OrderKey | null; next: OrderKey | null }> {
  const { json, prev, next } = await store.events(eventQuery(overrides));
  return { data: JSON.parse(textOf(json)) as ListedEvent[], prev, next };
}

/** Every event by cursors, as `walk` has messages. */
export async function walkEvents(
  store: Store,
  direction: Cursor['direction'],
  overrides: Partial<EventQuery> = {},
): Promise<ListedEvent[]> {
  return await walkPages(direction, overrides.order, (cursor) =>
    listEvents(store, { ...overrides, cursor }),
  );
}

export function textOf(json: Uint8Array): string {
  return Buffer.from(json).toString();
}

/** The JSON of one item, with places for numbers; null where there is none. */
async function jsonOf(
  json: Promise<Uint8Array | null>,
  places: (text: string) => string,
): Promise<string | null> {
  const bytes = await json;
  return bytes === null ? null : places(textOf(bytes));
}

/** One page of events says the same. */
export async function assertEventsAgree(
  store: Store,
  oracle: MemoryStore,
  wanted: Partial<EventQuery>,
): Promise<void> {
  const asked = eventQuery(wanted);
  const what = JSON.stringify(wanted);
  const places = numbersToPlaces((await entriesOf(store, 'items')).map(({ seq }) => seq));
  const [actual, expected] = await Promise.all([store.events(asked), oracle.events(asked)]);
  assert.equal(places(textOf(actual.json)), withoutLocalTimes(textOf(expected.json)), what);
  const data = JSON.parse(textOf(expected.json)) as ListedEvent[];
  const [first, last] = [data[0], data.at(-1)];
  const keys = [first && keyOf(first), last && keyOf(last)] as const;
  assertEndsAgree({ actual, expected }, asked.cursor, keys, what);
}

function keyOf({ ts, event_id }: ListedEvent): OrderKey {
  const instant = parseInstant(ts);
  assert.ok(instant, ts);
  return { ...instant, messageId: event_id };
}

/** Every item says the same of itself, every delivery is the same, and so are the counts of sources. */
export async function assertItemsAgree(store: Store, oracle: MemoryStore): Promise<void> {
  const numbers = (await entriesOf(store, 'items')).map(({ seq }) => seq);
  const places = numbersToPlaces(numbers);
  for (const { item, json } of await entriesOf(oracle, 'items')) {
    const { message_id, event_id } = JSON.parse(json) as Record<string, string>;
    const id = message_id ?? event_id ?? '';
    const [actual, expected] =
      item === 'message'
        ? [store.message(id), oracle.message(id)]
        : [store.event(id), oracle.event(id)];
    assert.equal(await jsonOf(actual, places), await jsonOf(expected, withoutLocalTimes), id);
  }
  for (const [place, number] of numbers.entries()) {
    const [actual, expected] = [await store.delivery(number), await oracle.delivery(place + 1)];
    assert.deepEqual(
      actual && { ...actual, number: place + 1, body: hash('sha256', actual.body) },
      expected && { ...expected, body: hash('sha256', expected.body) },
    );
  }
  assert.deepEqual(await sourcesOf(store), await sourcesOf(oracle));
  for (const missing of [store.message('no such id'), store.event('no such id')])
    assert.equal(await missing, null);
  assert.equal(await store.delivery((numbers.at(-1) ?? 0) + 1), null);
}

/** The counts of sources. When something of the default source came last is only checked to be a time. */
async function sourcesOf(store: Store): Promise<object[]> {
  return (await store.sources()).map((counts) => {
    if (counts.source !== 'default') return { ...counts };
    assert.ok(counts.lastReceivedAt !== null && parseInstant(counts.lastReceivedAt) !== null);
    return { ...counts, lastReceivedAt: 'then' };
  });
}
