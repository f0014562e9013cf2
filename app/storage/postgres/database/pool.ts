// Connections for one kind of work: no more than so many, opened when they are needed, each used by one caller at a time.
import { Semaphore } from '../../semaphore.ts';
import { StoreUnavailable } from '../../store.ts';
import type { Connector } from './connect.ts';
import { unavailableOf } from './failure.ts';
import type { Session } from './session.ts';

export interface PoolOptions {
  readonly connectionsMax: number;
  /** Callers that may wait for a connection. */
  readonly waitingMax: number;
  /** A statement that takes longer ends its connection. */
  readonly queryMs: number;
}

export class Pool {
  readonly #connector: Connector;
  readonly #options: PoolOptions;
  readonly #slots: Semaphore;
  readonly #idle: Session[] = [];
  readonly #busy = new Set<Session>();
  #closed = false;

  constructor(connector: Connector, options: PoolOptions) {
    this.#connector = connector;
    this.#options = options;
    this.#slots = new Semaphore(options.connectionsMax, options.waitingMax);
  }

  /** Callers that wait for a connection. */
  get waiting(): number {
    return this.#slots.waiting;
  }

  /** Connections that are open. */
  get size(): number {
    return this.#idle.length + this.#busy.size;
  }

  /** Connections that are in use. */
  get busy(): number {
    return this.#busy.size;
  }

  /**
   * Runs `work` with a connection, which it must leave without an open transaction. When it takes longer than `timeoutMs` in all, the
   * connection is ended. Rejects with StoreUnavailable, also in the place of what `work` throws.
   */
  async use<T>(timeoutMs: number, work: (session: Session) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), timeoutMs);
    let session: Session | null = null;
    const giveUp = (): void => session?.destroy();
    try {
      await this.#slots.acquire(limit.signal);
      try {
        session = await this.#session();
        // Connecting may have taken all of the time: then nothing would end `work`.
        limit.signal.throwIfAborted();
        limit.signal.addEventListener('abort', giveUp, { once: true });
        return await work(session);
      } finally {
        limit.signal.removeEventListener('abort', giveUp);
        void this.#release(session);
      }
    } catch (error) {
      if (this.#closed) throw new StoreUnavailable('shutting_down', 'the store is closing');
      if (limit.signal.aborted) throw new StoreUnavailable('timeout', 'no result in time');
      throw unavailableOf(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the connections, also in the middle of a statement. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const session of this.#busy) session.destroy();
    await Promise.allSettled(this.#idle.splice(0).map((session) => session.end()));
  }

  async #session(): Promise<Session> {
    if (this.#closed) throw new StoreUnavailable('shutting_down', 'the store is closing');
    let session = this.#idle.pop();
    while (session?.broken === true) session = this.#idle.pop();
    session ??= await this.#connector.connect(this.#options.queryMs);
    this.#busy.add(session);
    return session;
  }

  async #release(session: Session | null): Promise<void> {
    if (session !== null) {
      await session.quiet;
      this.#busy.delete(session);
      if (this.#closed) session.destroy();
      else if (!session.broken) this.#idle.push(session);
    }
    this.#slots.release();
  }
}
