// A store in memory, plain enough to be checked by eye: what every engine is compared with.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseInstant } from '../../app/model/instant.ts';
import type { Message } from '../../app/model/message.ts';
import type { OrderKey } from '../../app/model/order.ts';
import type { MessageQuery, Page } from '../../app/model/page.ts';
import { foldCase } from '../../app/model/search.ts';
import type { Stats } from '../../app/model/stats.ts';
import type { StreamPage } from '../../app/model/stream.ts';
import type { TimelineCounts, TimelineQuery } from '../../app/model/timeline.ts';
import {
  type AppendOutcome,
  type Store,
  type StoreHealth,
  StoreUnavailable,
  type Unavailable,
} from '../../app/storage/store.ts';

/** What outlives a store: the messages in the order of commit. The number of each is its place, counted from 1. */
export type Committed = Message[];

export class MemoryStore implements Store {
  readonly gauges = [{ name: 'memory_messages', help: 'Messages stored.' }];
  readonly readsWaiting = 0;
  appendsWaiting = 0;
  readonly #committed: Committed;
  readonly #queueMessagesMax: number;
  readonly #listeners: (() => void)[] = [];
  #closed = false;

  constructor(committed: Committed = [], queueMessagesMax = Infinity) {
    this.#committed = committed;
    this.#queueMessagesMax = queueMessagesMax;
  }

  async append(group: readonly Message[]): Promise<readonly AppendOutcome[] | Unavailable> {
    if (this.#closed) return { unavailable: 'shutting_down' };
    const waiting = this.appendsWaiting + group.length;
    if (this.appendsWaiting > 0 && waiting > this.#queueMessagesMax)
      return { unavailable: 'queue_full' };
    this.appendsWaiting = waiting;
    await nextTurn();
    this.appendsWaiting -= group.length;
    if (group.some(({ ts }) => parseInstant(ts) === null)) return { unavailable: 'other' };
    const outcomes = group.map((message) => this.#store(message));
    for (const listener of this.#listeners) listener();
    return outcomes;
  }

  async page({ limit, offset, cursor, from, since, text }: MessageQuery): Promise<Page> {
    await this.#turn();
    const least = since === null ? null : { ...since, messageId: '' };
    const matches = this.#committed
      .filter((message) => from === null || message.from === from)
      .filter((message) => least === null || compare(keyOf(message), least) >= 0)
      .filter((message) => text === null || contains(message.text, text))
      .toSorted((a, b) => compare(keyOf(a), keyOf(b)));
    const before = matches.filter((each) => cursor && compare(keyOf(each), cursor.key) < 0).length;
    const notAfter = matches.filter((each) => cursor && compare(keyOf(each), cursor.key) <= 0);
    let [start, end] = [offset, offset + limit];
    if (cursor?.direction === 'after') [start, end] = [notAfter.length, notAfter.length + limit];
    if (cursor?.direction === 'before') [start, end] = [Math.max(0, before - limit), before];
    const shown = matches.slice(start, end);
    const [first, last] = [shown[0], shown.at(-1)];
    return {
      json: Buffer.from(JSON.stringify(shown)),
      total: matches.length,
      prev: first !== undefined && start > 0 ? keyOf(first) : null,
      next: last !== undefined && end < matches.length ? keyOf(last) : null,
    };
  }

  async stats(): Promise<Stats> {
    await this.#turn();
    const sorted = this.#committed.toSorted((a, b) => compare(keyOf(a), keyOf(b)));
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
      const seconds = this.#committed.map((message) => keyOf(message).seconds);
      counts.push(seconds.filter((at) => at >= start && at < start + range.stepSeconds).length);
    }
    return counts;
  }

  async after(after: number, limit: number): Promise<StreamPage> {
    await this.#turn();
    const lastSeq = this.#committed.length;
    const entries = this.#committed
      .map((message, place) => ({ seq: place + 1, json: JSON.stringify(message) }))
      .slice(after, after + limit);
    return { entries, more: limit > 0 && after + limit < lastSeq, lastSeq };
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
    return this.#closed ? null : new Map([['memory_messages', this.#committed.length]]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    while (this.appendsWaiting > 0) await nextTurn();
  }

  /** A read takes a turn of the event loop, in which others may commit, and sees what is there after it. */
  async #turn(): Promise<void> {
    await nextTurn();
    if (this.#closed) throw new StoreUnavailable('shutting_down', 'the store is closed');
  }

  /** Exactly once: the first write of an id wins. */
  #store(message: Message): AppendOutcome {
    const { message_id, from, to, ts, text } = message;
    const stored = this.#committed.find((other) => other.message_id === message_id);
    if (stored === undefined) {
      this.#committed.push({ message_id, from, to, ts, text });
      return 'created';
    }
    const equal =
      stored.from === from && stored.to === to && stored.ts === ts && stored.text === text;
    return equal ? 'duplicate' : 'conflict';
  }
}

function keyOf({ ts, message_id }: Message): OrderKey {
  return { ...(parseInstant(ts) ?? { seconds: NaN, nanos: NaN }), messageId: message_id };
}

function compare(a: OrderKey, b: OrderKey): number {
  const bytes = Buffer.compare(Buffer.from(a.messageId), Buffer.from(b.messageId));
  return a.seconds - b.seconds || a.nanos - b.nanos || bytes;
}

function contains(text: string | null, part: string): boolean {
  return text !== null && foldCase(text).includes(foldCase(part));
}
