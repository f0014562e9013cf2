// Everything that a database holds, in plain forms that can be compared and imported elsewhere.
import assert from 'node:assert/strict';
import {
  type Delivery,
  type EventItem,
  type Item,
  type MessageItem,
  isOfSource,
} from '../../app/model/item.ts';
import type {
  ArchivedDelivery,
  ArchivedEvent,
  ArchivedMessage,
  BulkImport,
  DeliveryFilter,
  ExportFilter,
  LinkOutcome,
} from '../../app/storage/archive.ts';
import type { AppendOutcome } from '../../app/storage/store.ts';
import { ALL, type AdminEngine, exported, patient, silently } from './admin-engine.ts';

export interface Everything {
  readonly messages: readonly ArchivedMessage[];
  readonly events: readonly ArchivedEvent[];
  readonly deliveries: readonly ArchivedDelivery[];
}

export async function events(
  engine: AdminEngine,
  filter: Partial<ExportFilter> = {},
): Promise<ArchivedEvent[]> {
  const seen: ArchivedEvent[] = [];
  const admin = await engine.admin();
  for await (const chunk of admin.exportEvents({ ...ALL, ...filter })) seen.push(...chunk);
  return seen.map((event) => ({ ...event }));
}

export async function deliveries(
  engine: AdminEngine,
  filter: DeliveryFilter = { source: null, eventType: null, upTo: null },
): Promise<ArchivedDelivery[]> {
  const seen: ArchivedDelivery[] = [];
  for await (const chunk of (await engine.admin()).exportDeliveries(filter)) seen.push(...chunk);
  return seen.map((each) => ({ ...each, body: Buffer.from(each.body) }));
}

export async function everything(engine: AdminEngine): Promise<Everything> {
  const messages = (await exported(engine)).map((message) => ({ ...message }));
  return { messages, events: await events(engine), deliveries: await deliveries(engine) };
}

/** Everything without the numbers of deliveries, which differ from one database to another. */
export function withoutNumbers({ messages, events: all, deliveries: posts }: Everything) {
  return {
    messages,
    events: all,
    deliveries: posts.map((post) => ({ ...postOf(post), ids: [post.messages, post.events] })),
  };
}

/** What arrived. */
export function postOf({ source, receivedAt, headers, body }: Delivery): Delivery {
  return { source, receivedAt, headers, body };
}

/** A message as an export has it. */
export function archivedMessage(item: MessageItem): ArchivedMessage {
  const { message_id, from, to, ts, text, kind, payload, content, delivery } = item;
  const { source, receivedAt: created_at } = delivery;
  return { message_id, from, to, ts, text, kind, payload, content, source, created_at };
}

/** An event likewise. */
export function archivedEvent(item: EventItem): ArchivedEvent {
  const { event_id, type, subject, ts, payload, content, delivery } = item;
  const { source, receivedAt: created_at } = delivery;
  return { event_id, type, subject, ts, payload, content, source, created_at };
}

/** Runs an import to its end. */
export async function importing<T>(
  engine: AdminEngine,
  work: (bulk: BulkImport) => Promise<T>,
): Promise<T> {
  const bulk = await (await engine.admin()).openImport();
  try {
    const result = await work(bulk);
    await bulk.updateLists(patient());
    await bulk.updateSearch(patient(), silently);
    return result;
  } finally {
    bulk.close();
  }
}

/** Fails unless all were of this outcome. */
export function assertOutcomes(
  { messages, events: all, deliveries: posts }: ImportOutcomes,
  outcome: 'created' | 'duplicate',
): void {
  for (const each of [...messages, ...all, ...posts]) assert.equal(each, outcome);
}

export interface ImportOutcomes {
  readonly messages: readonly AppendOutcome[];
  readonly events: readonly AppendOutcome[];
  readonly deliveries: readonly LinkOutcome[];
}

/** Imports everything, in the order in which a command does. */
export async function importAll(engine: AdminEngine, all: Everything): Promise<ImportOutcomes> {
  return importing(engine, async (bulk) => ({
    messages: await bulk.store(
      all.messages,
      all.messages.map((message) => message.created_at),
    ),
    events: await bulk.storeEvents(all.events),
    deliveries: await bulk.link(all.deliveries),
  }));
}

/** Appends posts through a store: all items are new. */
export async function fillItems(engine: AdminEngine, ...posts: Item[][]): Promise<void> {
  const store = await engine.open();
  for (const post of posts)
    assert.deepEqual(
      await store.append(post),
      post.map(() => 'created'),
    );
  await store.close();
}

/** The same items as those of a delivery that is stored under the number. */
export function storedUnder<T extends Item>(number: number, items: readonly T[]): T[] {
  return items.map((item) =>
    isOfSource(item) ? { ...item, delivery: { ...item.delivery, number } } : item,
  );
}
