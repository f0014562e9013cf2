// The work behind the commit of the replica that has the lease: lists and counts soon, search when there is time.
import type { StoreObserver } from '../../store.ts';
import { describeError } from '../database/failure.ts';
import { Loop } from '../database/loop.ts';
import type { Pool } from '../database/pool.ts';
import type { Lease } from './lease.ts';
import { TAIL_MESSAGES_MAX } from './limits.ts';
import { fillLists } from './lists.ts';
import { readProgress } from './progress.ts';
import { fillSearch } from './search-filler.ts';
import { fillSources } from './sources.ts';

/** A step of the lists comes so long after a commit: what comes in between shares it. */
const LISTS_MS = 200;
const SEARCH_MS = 250;
/** After this long without a message, the last block of search is filled too, though it is not full. */
const QUIET_MS = 300;
/** While commits come, search rests this many times as long as it works: the server is theirs. */
const REST_FACTOR = 2;
const IDLE_MS = 1_000;
const RETRY_MS = 1_000;
/** The lists of many millions of messages may have to be built at once. */
const STEP_MS_MAX = 3_600_000;

export class Filler {
  readonly #pool: Pool;
  readonly #lease: Lease;
  readonly #observer: StoreObserver;
  readonly #lists: Loop;
  readonly #search: Loop;
  #committedMs = 0;
  #building = false;
  #failing = false;

  constructor(pool: Pool, lease: Lease, observer: StoreObserver) {
    this.#pool = pool;
    this.#lease = lease;
    this.#observer = observer;
    this.#lists = new Loop(() => this.#step(() => this.#fillLists()));
    this.#search = new Loop(() => this.#step(() => this.#fillSearch()));
  }

  /** Messages were committed, by this replica or another. */
  committed(): void {
    this.#committedMs = performance.now();
    this.#lists.wake(LISTS_MS);
    this.#search.wake(SEARCH_MS);
  }

  async close(): Promise<void> {
    await Promise.all([this.#lists.close(), this.#search.close()]);
  }

  async #step(work: () => Promise<number>): Promise<number> {
    if (!this.#lease.isHeld) return IDLE_MS;
    try {
      const pauseMs = await work();
      if (this.#failing) this.#observer.index({ kind: 'recovered' });
      this.#failing = false;
      return pauseMs;
    } catch (error) {
      if (!this.#failing) this.#observer.index({ kind: 'failed', reason: describeError(error) });
      this.#failing = true;
      return RETRY_MS;
    }
  }

  async #fillLists(): Promise<number> {
    return await this.#pool.use(STEP_MS_MAX, async (session) => {
      const { unlisted, messages, listedSeq, countedSeq, lastSeq } = await readProgress(session);
      if (unlisted > TAIL_MESSAGES_MAX && !this.#building) {
        this.#building = true;
        this.#observer.index({ kind: 'building', messages: unlisted });
      }
      const more = listedSeq < lastSeq && (await fillLists(session));
      const moreItems = countedSeq < lastSeq && (await fillSources(session));
      if (!more && this.#building) {
        this.#building = false;
        this.#observer.index({ kind: 'built', messages });
      }
      return more || moreItems ? 0 : IDLE_MS;
    });
  }

  async #fillSearch(): Promise<number> {
    const startMs = performance.now();
    const isQuiet = startMs - this.#committedMs > QUIET_MS;
    const more = await this.#pool.use(STEP_MS_MAX, (session) => fillSearch(session, isQuiet));
    const tookMs = performance.now() - startMs;
    if (more) return isQuiet ? 0 : tookMs * REST_FACTOR;
    return isQuiet ? IDLE_MS : Math.max(SEARCH_MS, tookMs * REST_FACTOR);
  }
}
