// What the suite needs of an engine, and the plain forms that its clauses share: messages, queries, pages.
import assert from 'node:assert/strict';
import { parseInstant } from '../../app/model/instant.ts';
import type { Item } from '../../app/model/item.ts';
import type { Message } from '../../app/model/message.ts';
import type { OrderKey } from '../../app/model/order.ts';
import type { Cursor, Direction, MessageQuery, Page } from '../../app/model/page.ts';
import type { AppendOutcome, Store } from '../../app/storage/store.ts';
import type { Cleaner } from '../support/cleanup.ts';

export interface StoreOptions {
  /** How many messages may wait to be committed. */
  readonly queueMessagesMax?: number;
  /** Destinations that are configured. */
  readonly forwards?: readonly string[];
}

/** One empty database of an engine. What it opens is closed after the test. */
export interface Engine {
  /** Opens a store over the data; again once it is closed, or after a crash. */
  open(options?: StoreOptions): Promise<Store>;
  /** Resolves when whatever the engine derives behind its commits is complete. */
  settled(store: Store): Promise<void>;
  /** The next store that is opened finds what another process would find if this one ended now. */
  crash(): Promise<void>;
}

export type OpenEngine = (t: Cleaner) => Engine;

/** A promise of the port: its name completes the sentence "a store …", and `holds` rejects where an engine breaks it. */
export interface Clause {
  readonly name: string;
  readonly holds: (engine: Engine) => Promise<void>;
}

/** Keys that no message has, before and after all of them. */
const START: OrderKey = { seconds: -99_999_999_999, nanos: 0, messageId: '' };
const END: OrderKey = { seconds: 999_999_999_999, nanos: 0, messageId: '' };

/** The key before all items in the order of the query, or after all of them: where a walk by cursors begins. */
function startOf(direction: Cursor['direction'], order: Direction = 'asc'): OrderKey {
  return (direction === 'after') === (order === 'asc') ? START : END;
}

let lastId = 0;

/** Returns a message with an id of its own. */
export function message(overrides: Partial<Message> = {}): Message {
  lastId += 1;
  return {
    message_id: `m${lastId}`,
    from: '+15550100',
    to: '+15550199',
    ts: '2025-01-15T10:00:00Z',
    text: 'Hello',
    ...overrides,
  };
}

/** Returns `count` messages, one a second from 2025-01-15T10:00:00Z on. */
export function messages(count: number, overrides: Partial<Message> = {}): Message[] {
  return Array.from({ length: count }, (_, place) =>
    message({ ts: tsOf(36_000 + place), ...overrides }),
  );
}

/** The instant so many seconds after the start of 2025-01-15, which has 86,400. */
export function tsOf(seconds: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `2025-01-15T${two(seconds / 3_600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}Z`;
}

export function query(overrides: Partial<MessageQuery> = {}): MessageQuery {
  return {
    limit: 50,
    offset: 0,
    from: null,
    since: null,
    until: null,
    source: null,
    order: 'asc',
    text: null,
    cursor: null,
    ...overrides,
  };
}

export function keyOf({ ts, message_id }: Message): OrderKey {
  const instant = parseInstant(ts);
  assert.ok(instant, ts);
  return { ...instant, messageId: message_id };
}

/** The messages of a page. */
export function dataOf(page: Page): Message[] {
  return JSON.parse(Buffer.from(page.json).toString()) as Message[];
}

/** A page with its messages read. */
export async function list(
  store: Store,
  overrides: Partial<MessageQuery> = {},
): Promise<Omit<Page, 'json'> & { readonly data: Message[] }> {
  const { json, ...rest } = await store.page(query(overrides));
  return { data: dataOf({ json, ...rest }), ...rest };
}

/** Every message by cursors, from the first one on, or from the last one back; the order is that of the query. */
export async function walk(
  store: Store,
  direction: Cursor['direction'],
  overrides: Partial<MessageQuery> = {},
): Promise<Message[]> {
  return await walkPages(direction, overrides.order, (cursor) =>
    list(store, { ...overrides, cursor }),
  );
}

/** Every entry of a list by cursors likewise. */
export async function walkPages<T>(
  direction: Cursor['direction'],
  order: Direction | undefined,
  read: (
    cursor: Cursor,
  ) => Promise<{ data: readonly T[]; prev: OrderKey | null; next: OrderKey | null }>,
): Promise<T[]> {
  let key: OrderKey | null = startOf(direction, order);
  const seen: T[] = [];
  while (key !== null) {
    const page = await read({ direction, key });
    if (direction === 'after') seen.push(...page.data);
    else seen.unshift(...page.data);
    key = direction === 'after' ? page.next : page.prev;
  }
  return seen;
}

/** Everything in the order of commit, with its numbers. */
export async function stream(
  store: Store,
  pageEntries = 500,
): Promise<{ seq: number; message: Message }[]> {
  const seen: { seq: number; message: Message }[] = [];
  for (let more = true; more;) {
    const page = await store.after(seen.at(-1)?.seq ?? 0, pageEntries);
    seen.push(
      ...page.entries.map(({ seq, json }) => ({ seq, message: JSON.parse(json) as Message })),
    );
    more = page.more;
  }
  return seen;
}

/** Appends, and returns the outcomes; fails where the store was unavailable. */
export async function append(
  store: Store,
  ...group: readonly Item[]
): Promise<readonly AppendOutcome[]> {
  const outcomes = await store.append(group);
  if ('unavailable' in outcomes) assert.fail(`unavailable: ${outcomes.unavailable}`);
  return outcomes;
}

/** Appends items that are new, one group. */
export async function create(store: Store, group: readonly Item[]): Promise<void> {
  assert.deepEqual(
    await append(store, ...group),
    group.map(() => 'created'),
  );
}

export function idsOf(all: readonly Message[]): string[] {
  return all.map(({ message_id }) => message_id);
}
