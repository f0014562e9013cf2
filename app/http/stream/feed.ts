// Gives every open stream what is committed, in that order, reading and writing out each page once for all that wait for it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../storage/store.ts';
import type { StreamPage } from '../../model/stream.ts';
import type { UnavailableReason } from '../../model/unavailable.ts';
import type { Follower } from './follower.ts';

const FOLLOWERS_MAX = 256;
/** Pages end at multiples of this number, so that clients who began at different places come to read the same pages. */
const PAGE_ENTRIES_MAX = 500;
/** Places in the stream that are read in one round. */
const GROUPS_A_ROUND = 3;
/** Another process may write to the same file: without news from our own writer the store is asked this often. */
const POLL_INTERVAL_MS = 1_000;
/** Commits come hundreds a second; followers are served no more often than this. */
const ROUND_INTERVAL_MS = 25;
/** All streams together are written at this rate at most, so that following never takes the machine from storing. */
const BYTES_PER_SECOND_MAX = 12 * 1_048_576;
/** And read at this rate at most: clients who are at different places cost reads, where those at the same place share them. */
const ENTRIES_PER_SECOND_MAX = 20_000;

export class Feed {
  readonly #store: Store;
  readonly #followers = new Set<Follower>();
  #poll: NodeJS.Timeout | null = null;
  #running = false;
  #closed = false;
  #turn = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Open streams. */
  get size(): number {
    return this.#followers.size;
  }

  /** Why no further stream may be opened now; null where one may. */
  get refusal(): UnavailableReason | null {
    if (this.#closed) return 'shutting_down';
    return this.size >= FOLLOWERS_MAX ? 'too_many_streams' : null;
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
      const groups = this.#chosen();
      if (groups.length === 0) return;
      let waitMs = 0;
      for (const group of groups) waitMs += await this.#serve(group);
      await sleep(Math.max(ROUND_INTERVAL_MS, waitMs));
    }
  }

  /**
   * Whom to serve in this round: those who are furthest, those who are furthest behind, who come up to others and go on
   * with them, and one group in between, in turn. So nobody waits for a client that reads all there is.
   */
  #chosen(): (readonly Follower[])[] {
    const waiting = [...this.#followers].filter((follower) => follower.behind && follower.ready);
    const groups = [...Map.groupBy(waiting, ({ cursor }) => cursor)]
      .toSorted(([one], [other]) => one - other)
      .map(([, group]) => group);
    if (groups.length <= GROUPS_A_ROUND) return groups;
    this.#turn = (this.#turn + 1) % (groups.length - 2);
    return [groups.at(-1), groups[0], groups[this.#turn + 1]].filter(
      (group) => group !== undefined,
    );
  }

  /** Gives the next page to followers that are at the same place. Gives the time that this was worth, in milliseconds. */
  async #serve(group: readonly Follower[]): Promise<number> {
    const cursor = group[0]?.cursor ?? 0;
    const end = (Math.floor(cursor / PAGE_ENTRIES_MAX) + 1) * PAGE_ENTRIES_MAX;
    // Before the read: a commit during it sets the mark again.
    for (const follower of group) follower.behind = false;
    let page: StreamPage;
    try {
      page = await this.#store.after(cursor, end - cursor);
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
    const sent = (chunk.length * group.length) / BYTES_PER_SECOND_MAX;
    return Math.max(sent, page.entries.length / ENTRIES_PER_SECOND_MAX) * 1_000;
  }
}

/** A page in the form of https://html.spec.whatwg.org/multipage/server-sent-events.html. JSON holds no line break of its own. */
function eventsOf(page: StreamPage): string {
  return page.entries.map(({ seq, json }) => `id: ${seq}\ndata: ${json}\n\n`).join('');
}
