// Gives every open stream what is committed, in that order, reading and writing out each page once for all that wait for it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../model/store.ts';
import type { StreamPage } from '../../model/stream.ts';
import type { Follower } from './follower.ts';

const FOLLOWERS_MAX = 256;
const PAGE_ENTRIES_MAX = 500;
/** Another process may write to the same file: without news from our own writer the store is asked this often. */
const POLL_INTERVAL_MS = 1_000;
/** Commits come hundreds a second; followers are served no more often than this. */
const ROUND_INTERVAL_MS = 25;
/** All streams together are written at this rate at most, so that following never takes the machine from storing. */
const BYTES_PER_SECOND_MAX = 12 * 1_048_576;

export class Feed {
  readonly #store: Store;
  readonly #followers = new Set<Follower>();
  #poll: NodeJS.Timeout | null = null;
  #running = false;
  #closed = false;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Open streams. */
  get size(): number {
    return this.#followers.size;
  }

  /** Whether no further stream may be opened now. */
  get full(): boolean {
    return this.#closed || this.size >= FOLLOWERS_MAX;
  }

  add(follower: Follower): void {
    this.#followers.add(follower);
    this.#poll ??= setInterval(() => this.#pollOnce(), POLL_INTERVAL_MS);
    this.#run();
  }

  remove(follower: Follower): void {
    this.#followers.delete(follower);
    if (this.size > 0 || this.#poll === null) return;
    clearInterval(this.#poll);
    this.#poll = null;
  }

  /** Something was committed. */
  wake(): void {
    for (const follower of this.#followers) follower.behind = true;
    this.#run();
  }

  /** A client that was slow has room again. */
  resume(): void {
    this.#run();
  }

  /** Ends every stream; their clients resume with the next process. */
  close(): void {
    this.#closed = true;
    for (const follower of this.#followers) follower.end();
    if (this.#poll !== null) clearInterval(this.#poll);
  }

  #pollOnce(): void {
    const now = performance.now();
    for (const follower of this.#followers) follower.beat(now);
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
      const groups = Map.groupBy(
        [...this.#followers].filter((follower) => follower.behind && follower.ready),
        (follower) => follower.cursor,
      );
      if (groups.size === 0) return;
      let bytes = 0;
      for (const [cursor, group] of groups) bytes += await this.#serve(cursor, group);
      await sleep(Math.max(ROUND_INTERVAL_MS, (bytes / BYTES_PER_SECOND_MAX) * 1_000));
    }
  }

  /** Gives the next page to followers that are at the same place. Gives the bytes written to them. */
  async #serve(cursor: number, group: readonly Follower[]): Promise<number> {
    // Before the read: a commit during it sets the mark again.
    for (const follower of group) follower.behind = false;
    let page: StreamPage;
    try {
      page = await this.#store.after(cursor, PAGE_ENTRIES_MAX);
    } catch {
      // The next poll asks again.
      return 0;
    }
    const last = page.entries.at(-1);
    if (last === undefined || this.#closed) return 0;
    const chunk = Buffer.from(eventsOf(page));
    for (const follower of group) {
      follower.write(chunk);
      follower.cursor = last.seq;
      follower.behind ||= page.more;
    }
    return chunk.length * group.length;
  }
}

/** A page in the form of https://html.spec.whatwg.org/multipage/server-sent-events.html. JSON holds no line break of its own. */
function eventsOf(page: StreamPage): string {
  return page.entries.map(({ seq, json }) => `id: ${seq}\ndata: ${json}\n\n`).join('');
}
