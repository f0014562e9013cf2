// Sends every open stream what is committed, in that order. Each page is read and serialized once for all that wait for it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../storage/store.ts';
import { STREAM_SCOPES, type StreamPage, type StreamScope } from '../../model/stream.ts';
import type { UnavailableReason } from '../../model/unavailable.ts';
import { cutAtSharedEnd } from './page-end.ts';
import type { Subscriber } from './subscriber.ts';

const SUBSCRIBERS_MAX = 256;
/** Most entries of a page. Where a page ends, `page-end.ts` says. */
const PAGE_ENTRIES_MAX = 500;
/** Positions in the stream of one scope that are served in one pass. */
const GROUPS_PER_PASS = 3;
/** Another process may write to the same file: without a commit of our own writer the store is polled this often. */
const POLL_INTERVAL_MS = 1_000;
/** Commits come hundreds a second; subscribers are served no more often than this. */
const PASS_INTERVAL_MS = 25;
/** All streams together are written at this rate at most, so that streams never starve the writer. */
const BYTES_PER_SECOND_MAX = 12 * 1_048_576;
/** And read at this rate at most: clients at different positions cost a read each, where those at the same one share it. */
const ENTRIES_PER_SECOND_MAX = 20_000;

export class Broadcaster {
  readonly #store: Store;
  readonly #subscribers = new Set<Subscriber>();
  #poll: NodeJS.Timeout | null = null;
  #running = false;
  #closed = false;
  #middle = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Open streams. */
  get size(): number {
    return this.#subscribers.size;
  }

  /** Why no further stream may be opened now; null where one may. */
  get refusal(): UnavailableReason | null {
    if (this.#closed) return 'shutting_down';
    return this.size >= SUBSCRIBERS_MAX ? 'too_many_streams' : null;
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
    this.#poll ??= setInterval(() => this.#pollOnce(), POLL_INTERVAL_MS);
    this.#run();
  }

  remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    if (this.size > 0 || this.#poll === null) return;
    clearInterval(this.#poll);
    this.#poll = null;
  }

  /** Something was committed. */
  wake(): void {
    if (this.size === 0) return;
    for (const subscriber of this.#subscribers) subscriber.behind = true;
    this.#run();
  }

  /** A client that was slow has room again. */
  resume(): void {
    this.#run();
  }

  /** Ends every stream; the clients resume with the next process. */
  close(): void {
    this.#closed = true;
    for (const subscriber of this.#subscribers) subscriber.end();
    if (this.#poll !== null) clearInterval(this.#poll);
  }

  #pollOnce(): void {
    const now = performance.now();
    for (const subscriber of this.#subscribers) subscriber.beat(now);
    this.wake();
  }

  #run(): void {
    if (this.#closed || this.#running) return;
    this.#running = true;
    void this.#serveAll().finally(() => {
      this.#running = false;
    });
  }

  async #serveAll(): Promise<void> {
    while (!this.#closed) {
      this.#middle += 1;
      const groups = STREAM_SCOPES.flatMap((scope) => this.#nextGroups(scope));
      if (groups.length === 0) return;
      let waitMs = 0;
      for (const group of groups) waitMs += await this.#serve(group);
      await sleep(Math.max(PASS_INTERVAL_MS, waitMs));
    }
  }

  /**
   * Returns the subscribers of a scope in this pass, grouped by position: those furthest ahead, those furthest behind, which catch up
   * with others and go on with them, and one group in between, each in rotation. So nobody waits for a client that reads everything.
   */
  #nextGroups(scope: StreamScope): (readonly Subscriber[])[] {
    const waiting = [...this.#subscribers].filter(
      (subscriber) => subscriber.scope === scope && subscriber.behind && subscriber.ready,
    );
    const groups = [...Map.groupBy(waiting, ({ cursor }) => cursor)]
      .toSorted(([one], [other]) => one - other)
      .map(([, group]) => group);
    if (groups.length <= GROUPS_PER_PASS) return groups;
    const middle = 1 + (this.#middle % (groups.length - 2));
    return [groups.at(-1), groups[0], groups[middle]].filter((group) => group !== undefined);
  }

  /** Sends the next page to subscribers at the same position. Returns how long to wait afterwards, in milliseconds. */
  async #serve(group: readonly Subscriber[]): Promise<number> {
    const [first] = group;
    if (first === undefined) return 0;
    const { cursor, scope } = first;
    // Before the read: a commit during it sets the mark again.
    for (const subscriber of group) subscriber.behind = false;
    let page: StreamPage;
    try {
      page = await this.#store.after(cursor, PAGE_ENTRIES_MAX, scope);
    } catch {
      // The next poll tries again.
      return 0;
    }
    if (this.#closed) return 0;
    const { entries, more } = cutAtSharedEnd(page, PAGE_ENTRIES_MAX);
    // Numbers of the other scope, and of what was removed, are skipped: where nothing more follows, everything up to the last is sent.
    const reached = more ? (entries.at(-1)?.seq ?? cursor) : Math.max(cursor, page.upTo);
    const chunk = Buffer.from(eventsOf(entries, scope));
    for (const subscriber of group) {
      if (entries.length > 0) subscriber.write(chunk);
      subscriber.cursor = reached;
      subscriber.behind ||= more;
    }
    const sent = (chunk.length * group.length) / BYTES_PER_SECOND_MAX;
    return Math.max(sent, page.entries.length / ENTRIES_PER_SECOND_MAX) * 1_000;
  }
}

/** Returns a page in the format of https://html.spec.whatwg.org/multipage/server-sent-events.html. JSON holds no line break of its own. */
function eventsOf(entries: StreamPage['entries'], scope: StreamScope): string {
  const name = (item: string): string => (scope === 'items' ? `event: ${item}\n` : '');
  return entries
    .map(({ seq, item, json }) => `id: ${seq}\n${name(item)}data: ${json}\n\n`)
    .join('');
}
