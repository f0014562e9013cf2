// A store in memory, plain enough to be checked by eye: what every engine is compared with.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventPage, EventQuery } from '../../app/model/event.ts';
import { parseInstant } from '../../app/model/instant.ts';
import type { Delivery, Item } from '../../app/model/item.ts';
import type { MessageQuery, Page } from '../../app/model/page.ts';
import type { SourceCounts } from '../../app/model/source.ts';
import type { Stats } from '../../app/model/stats.ts';
import type { StreamPage, StreamScope } from '../../app/model/stream.ts';
import type { TimelineCounts, TimelineQuery } from '../../app/model/timeline.ts';
import {
  type AppendOutcome,
  type Store,
  type StoreHealth,
  StoreUnavailable,
  type Unavailable,
} from '../../app/storage/store.ts';
import type { StoreOptions } from './engine.ts';
import type { KeptForwards } from './forward-kept.ts';
import { MemoryForwards } from './forward-oracle.ts';
import {
  type Committed,
  type Kept,
  compare,
  conflictOf,
  contains,
  deliveryOf,
  deliveryWith,
  eventDetail,
  eventJson,
  fiveFields,
  haveSameContent,
  idOf,
  isEvent,
  isMessage,
  isNamed,
  isWithin,
  keyOf,
  messageDetail,
  messageItemJson,
  pageOf,
  receivedAt,
  sourceOf,
} from './kept.ts';

const CONFLICTS_MAX = 16;

interface MemoryOptions extends StoreOptions {
  /** What outlives the store of forwarding. */
  readonly kept?: KeptForwards;
}

export class MemoryStore implements Store {
  readonly gauges = [{ name: 'memory_messages', help: 'Messages stored.' }];
  readonly readsWaiting = 0;
  appendsWaiting = 0;
  readonly #committed: Committed;
  readonly #queueMessagesMax: number;
  readonly #listeners: (() => void)[] = [];
  readonly forwards: MemoryForwards;
  #closed = false;

  constructor(committed: Committed = [], options: MemoryOptions = {}) {
    const { queueMessagesMax = Infinity, forwards = [], kept = new Map() } = options;
    this.#committed = committed;
    this.#queueMessagesMax = queueMessagesMax;
    this.forwards = new MemoryForwards(committed, kept, forwards, () => this.#closed);
  }

  async append(group: readonly Item[]): Promise<readonly AppendOutcome[] | Unavailable> {
    if (this.#closed) return { unavailable: 'shutting_down' };
    const waiting = this.appendsWaiting + group.length;
    if (this.appendsWaiting > 0 && waiting > this.#queueMessagesMax)
      return { unavailable: 'queue_full' };
    this.appendsWaiting = waiting;
    await nextTurn();
    this.appendsWaiting -= group.length;
    if (group.some(({ ts }) => parseInstant(ts) === null)) return { unavailable: 'other' };
    const outcomes = group.map((item) => this.#store(item));
    for (const [place, item] of group.entries())
      if (outcomes[place] === 'conflict') this.#keepConflict(item);
    for (const listener of this.#listeners) listener();
    return outcomes;
  }

  async page(query: MessageQuery): Promise<Page> {
    await this.#turn();
    const { from, source, text } = query;
    const matches = this.#messages
      .filter((message) => from === null || message.from === from)
      .filter((message) => source === null || sourceOf(message) === source)
      .filter((message) => isWithin(message, query))
      .filter((message) => text === null || contains(message.text, text));
    const { shown, prev, next } = pageOf(matches, query);
    const json = Buffer.from(`[${shown.map(fiveFields).join()}]`);
    return { json, total: matches.length, prev, next };
  }

  async message(messageId: string): Promise<Uint8Array | null> {
    await this.#turn();
    const message = this.#messages.find(({ message_id }) => message_id === messageId);
    return message === undefined ? null : Buffer.from(messageDetail(this.#committed, message));
  }

  async events(query: EventQuery): Promise<EventPage> {
    await this.#turn();
    const { source, type, subject } = query;
    const matches = this.#events
      .filter((event) => source === null || sourceOf(event) === source)
      .filter((event) => type === null || event.type === type)
      .filter((event) => subject === null || event.subject === subject)
      .filter((event) => isWithin(event, query));
    const { shown, prev, next } = pageOf(matches, { ...query, offset: 0 });
    const data = shown.map((event) => eventJson(this.#committed, event));
    return { json: Buffer.from(`[${data.join()}]`), prev, next };
  }

  async event(eventId: string): Promise<Uint8Array | null> {
    await this.#turn();
    const event = this.#events.find(({ event_id }) => event_id === eventId);
    return event === undefined ? null : Buffer.from(eventDetail(this.#committed, event));
  }

  async delivery(number: number): Promise<Delivery | null> {
    await this.#turn();
    return deliveryWith(this.#committed, number);
  }

  async sources(): Promise<readonly SourceCounts[]> {
    await this.#turn();
    return [...Map.groupBy(this.#committed, sourceOf)]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([source, items]) => ({
        source,
        messages: items.filter(isMessage).length,
        events: items.filter(isEvent).length,
        deliveries: new Set(items.filter(isNamed).map((item) => deliveryOf(this.#committed, item)))
          .size,
        lastReceivedAt: items.map(receivedAt).toSorted().at(-1) ?? null,
      }));
  }

  async stats(): Promise<Stats> {
    await this.#turn();
    const sorted = this.#messages.toSorted((a, b) => compare(keyOf(a), keyOf(b)));
    const senders = [...Map.groupBy(sorted, ({ from }) => from)]
      .map(([from, list]) => ({ from, count: list.length }))
      .toSorted((a, b) => b.count - a.count || (a.from < b.from ? -1 : 1));
    return {
      total_messages: sorted.length,
      senders_count: senders.length,
      messages_per_sender: senders.slice(0, 10),
      first_message_ts: sorted[0]?.ts ?? null,
      last_message_ts: sorted.at(-1)?.ts ?? null,
    };
  }

  async timeline(range: TimelineQuery): Promise<TimelineCounts> {
    await this.#turn();
    const counts: number[] = [];
    for (let start = range.fromSeconds; start < range.toSeconds; start += range.stepSeconds) {
      const seconds = this.#messages.map((message) => keyOf(message).seconds);
      counts.push(seconds.filter((at) => at >= start && at < start + range.stepSeconds).length);
    }
    return counts;
  }

  async after(after: number, limit: number, scope: StreamScope = 'messages'): Promise<StreamPage> {
    await this.#turn();
    const lastSeq = this.#committed.length;
    if (limit === 0) return { entries: [], more: false, upTo: Math.min(after, lastSeq), lastSeq };
    const all = this.#committed
      .map((item, place) => ({ seq: place + 1, item }))
      .filter(({ seq, item }) => seq > after && (scope === 'items' || !isEvent(item)));
    const entries = all.slice(0, limit).map(({ seq, item }) => ({
      seq,
      item: isEvent(item) ? ('event' as const) : ('message' as const),
      json: this.#streamed(item, scope),
    }));
    const more = all.length > limit;
    return { entries, more, upTo: more ? (entries.at(-1)?.seq ?? 0) : lastSeq, lastSeq };
  }

  onCommit(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async check(): Promise<StoreHealth> {
    const store = this.#closed ? 'closed' : null;
    const reason = this.#closed ? 'shutting_down' : null;
    return { checks: { store, schema: null, writer: null, disk: null }, reason };
  }

  async readGauges(): Promise<ReadonlyMap<string, number> | null> {
    return this.#closed ? null : new Map([['memory_messages', this.#messages.length]]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    while (this.appendsWaiting > 0) await nextTurn();
  }

  get #messages() {
    return this.#committed.filter(isMessage);
  }

  get #events() {
    return this.#committed.filter(isEvent);
  }

  #streamed(item: Kept, scope: StreamScope): string {
    if (isEvent(item)) return eventJson(this.#committed, item);
    return scope === 'items' ? messageItemJson(this.#committed, item) : fiveFields(item);
  }

  /** A read takes a turn of the event loop, in which others may commit, and sees what is there after it. */
  async #turn(): Promise<void> {
    await nextTurn();
    if (this.#closed) throw new StoreUnavailable('shutting_down', 'the store is closed');
  }

  /** Exactly once: the first write of an id wins. */
  #store(item: Item): AppendOutcome {
    if (isNamed(item) && this.#isGone(item.delivery)) return 'duplicate';
    const stored = this.#find(item);
    if (stored === undefined) {
      this.#committed.push({ ...item });
      return 'created';
    }
    return haveSameContent(stored, item) ? 'duplicate' : 'conflict';
  }

  /** After everything that is new in its group. */
  #keepConflict(item: Item): void {
    const conflict = conflictOf(item);
    const { subject } = conflict;
    const others = this.#events.filter((event) => event.type === 'conflict');
    if (others.filter((event) => event.subject === subject).length < CONFLICTS_MAX)
      if (this.#find(conflict) === undefined) this.#committed.push(conflict);
  }

  /** Whether a delivery has a number, and there is none with it. */
  #isGone({ number }: Delivery): boolean {
    return number !== undefined && deliveryWith(this.#committed, number) === null;
  }

  #find(item: Kept): Kept | undefined {
    return this.#committed.find(
      (other) => isEvent(other) === isEvent(item) && idOf(other) === idOf(item),
    );
  }
}
