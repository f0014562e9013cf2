// Stores messages in bulk, each exactly once, also beside running services.
import type { PostgresLocation } from '../../../model/database.ts';
import type { Item } from '../../../model/item.ts';
import type { Message } from '../../../model/message.ts';
import type {
  ArchivedDelivery,
  ArchivedEvent,
  ArchivedMessage,
  BulkImport,
  LinkOutcome,
} from '../../archive.ts';
import type { Storable } from '../../conflict.ts';
import type { AppendOutcome } from '../../store.ts';
import { migrate } from '../database/migrations.ts';
import type { Session } from '../database/session.ts';
import { fillLists } from '../index/lists.ts';
import { readProgress } from '../index/progress.ts';
import { fillSearch } from '../index/search-filler.ts';
import { fillSources } from '../index/sources.ts';
import { appendItems } from '../write/append.ts';
import { connect, ended, expected } from './connection.ts';
import { linkDeliveries } from './link.ts';

/** A transaction is short: a service that sends a message with an id of it waits for its end. */
const BATCH_MESSAGES = 2_048;

export class DatabaseImport implements BulkImport {
  readonly batchMessages = BATCH_MESSAGES;
  readonly #location: PostgresLocation;
  #session: Session;

  private constructor(location: PostgresLocation, session: Session) {
    this.#location = location;
    this.#session = session;
  }

  /** Connects, and creates the tables where there are none. Rejects with Refusal. */
  static async open(location: PostgresLocation): Promise<DatabaseImport> {
    const session = await connect(location);
    try {
      await expected(() => migrate(session));
      return new DatabaseImport(location, session);
    } catch (error) {
      await ended(session);
      throw error;
    }
  }

  store(
    messages: readonly (Message | ArchivedMessage)[],
    createdAt: readonly (string | null)[],
  ): Promise<readonly AppendOutcome[]> {
    return this.#append(messages, createdAt);
  }

  storeEvents(events: readonly ArchivedEvent[]): Promise<readonly AppendOutcome[]> {
    return this.#append(events, []);
  }

  append(items: readonly Item[]): Promise<readonly AppendOutcome[]> {
    return this.#append(items, []);
  }

  async link(deliveries: readonly ArchivedDelivery[]): Promise<readonly LinkOutcome[]> {
    return await expected(() => linkDeliveries(this.#session, deliveries));
  }

  async #append(
    items: readonly Storable[],
    createdAt: readonly (string | null)[],
  ): Promise<readonly AppendOutcome[]> {
    if (items.length === 0) return [];
    const { outcomes } = await expected(() =>
      appendItems(this.#session, items, 'READ COMMITTED', createdAt),
    );
    return outcomes;
  }

  /** Each step has a lock of its own, so that it does no harm where a service does the same. */
  async updateLists(signal: AbortSignal): Promise<void> {
    await this.#stoppable(signal, async (session) => {
      const { lastSeq } = await readProgress(session);
      while ((await readProgress(session)).listedSeq < lastSeq && (await fillLists(session)))
        signal.throwIfAborted();
      while ((await readProgress(session)).countedSeq < lastSeq && (await fillSources(session)))
        signal.throwIfAborted();
    });
  }

  async updateSearch(signal: AbortSignal, onProgress: (messages: number) => void): Promise<void> {
    await this.#stoppable(signal, async (session) => {
      const { lastSeq } = await readProgress(session);
      for (let searched = 0; searched < lastSeq;) {
        const more = await fillSearch(session, true);
        searched = (await readProgress(session)).searchedSeq;
        onProgress(searched);
        signal.throwIfAborted();
        if (!more) return;
      }
    });
  }

  close(): void {
    void ended(this.#session);
  }

  /** Runs `work`. It is ended in the middle of a statement when the signal is aborted; the next call has a new connection then. */
  async #stoppable(signal: AbortSignal, work: (session: Session) => Promise<void>): Promise<void> {
    signal.throwIfAborted();
    if (this.#session.broken) this.#session = await connect(this.#location);
    const session = this.#session;
    const stop = (): void => session.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await expected(() => work(session));
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}
