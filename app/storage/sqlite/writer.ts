// Stores batches of messages: one transaction, one sync, an outcome for each message.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { parseInstant } from '../../model/instant.ts';
import type { Message } from '../../model/message.ts';
import { openForWriting } from './connection.ts';
import { counterReader, counterWriter } from './counters.ts';
import { failureOf } from './failure.ts';
import { APPEND_OUTCOMES, type Failure } from './protocol.ts';
import { migrate } from './migrations.ts';
import { OrderFiller } from './order-filler.ts';
import { resyncLog } from './resync.ts';
import { applyPiece, type SearchPiece } from './search/indexer.ts';
import { ServiceLock } from './service-lock.ts';

const CREATED = APPEND_OUTCOMES.indexOf('created');
const DUPLICATE = APPEND_OUTCOMES.indexOf('duplicate');
const CONFLICT = APPEND_OUTCOMES.indexOf('conflict');
const UNAVAILABLE = APPEND_OUTCOMES.indexOf('unavailable');

interface Statements {
  readonly insert: StatementSync;
  readonly stored: StatementSync;
  readonly counter: ReturnType<typeof counterReader>;
  readonly setCounter: ReturnType<typeof counterWriter>;
  readonly order: OrderFiller;
}

/**
 * FULL: the commit is on disk when it returns. NORMAL: it is in the log, in its order, and the next FULL commit takes
 * it to disk with itself; a power cut before that takes it away whole. Only what can be made again may be NORMAL.
 */
type Synchronous = 'FULL' | 'NORMAL';

/** The one connection that writes. Not safe for use by two threads. */
export class Writer {
  readonly #path: string;
  readonly #lock: ServiceLock;
  #database: DatabaseSync;
  #statements: Statements;
  /** What the connection is set to; `openForWriting` sets FULL. */
  #synchronous: Synchronous = 'FULL';

  /** Opens and migrates the file. Throws what SQLite throws, SchemaError, or InUseError. */
  constructor(path: string) {
    this.#path = path;
    this.#lock = ServiceLock.forService(path);
    let database: DatabaseSync | null = null;
    try {
      database = openForWriting(path);
      resyncLog(database, path);
      migrate(database);
      this.#statements = prepare(database);
      this.#database = database;
    } catch (error) {
      database?.close();
      this.#lock.release();
      throw error;
    }
  }

  /**
   * Stores a batch in one transaction. Gives an outcome code (see APPEND_OUTCOMES) for each message, in order;
   * when the transaction fails, every one is `unavailable` and nothing of the batch is stored.
   */
  append(messages: readonly Message[]): {
    outcomes: Uint8Array;
    created: number;
    failure: Failure | null;
  } {
    const outcomes = new Uint8Array(messages.length);
    let created = 0;
    const failure = this.#transaction(() => {
      created = this.#insertAll(messages, outcomes);
    });
    if (failure === null) return { outcomes, created, failure };
    return { outcomes: outcomes.fill(UNAVAILABLE), created: 0, failure };
  }

  /** Moves what it can of the WAL into the database file without waiting for anyone. */
  checkpoint(): void {
    try {
      this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } catch {
      // The WAL keeps what could not be copied, so nothing is lost; a disk that fails shows itself at the next commit.
    }
  }

  /** Writes and syncs something harmless, to learn whether writing works again. */
  probe(): Failure | null {
    return this.#transaction(() => {
      this.#statements.setCounter('last_seq', this.#statements.counter('last_seq'));
    });
  }

  /** Whether this process is the one that fills the search index: two would spoil each other's merges. */
  mayIndex(): boolean {
    return this.#lock.rise();
  }

  /** Puts a piece of the search index in, in a transaction of its own that waits for no sync. */
  applySearchPiece(piece: SearchPiece): Failure | null {
    return this.#transaction(() => applyPiece(this.#database, piece), 'NORMAL');
  }

  /** How many messages the orders lack. */
  orderBacklog(): number {
    return this.#statements.order.backlog();
  }

  /** Adds up to `messagesMax` stored messages to the orders, in a transaction of its own that waits for no sync. */
  fillOrder(messagesMax: number): Failure | null {
    return this.#transaction(() => this.#statements.order.fill(messagesMax), 'NORMAL');
  }

  /** Moves the WAL into the database file and closes it. */
  close(): void {
    try {
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // On a full disk the WAL stays as it is: what it holds is durable, and the next start reads it.
    }
    this.#database.close();
    this.#lock.release();
  }

  #transaction(work: () => void, synchronous: Synchronous = 'FULL'): Failure | null {
    try {
      if (this.#synchronous !== synchronous) {
        this.#database.exec(`PRAGMA synchronous = ${synchronous}`);
        this.#synchronous = synchronous;
      }
      this.#database.exec('BEGIN IMMEDIATE');
      work();
      this.#database.exec('COMMIT');
      return null;
    } catch (error) {
      const failure = failureOf(error);
      this.#recover(failure);
      return failure;
    }
  }

  /**
   * Leaves no transaction open. After anything but a lock the connection is opened anew: when a sync has failed,
   * the kernel may have dropped the pages that were not written, and what the old connection holds in memory proves nothing.
   */
  #recover(failure: Failure): void {
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      if (failure === 'locked') return;
      this.#reopen();
    } catch {
      // The trouble goes on. The next batch meets it again, answers `unavailable`, and comes back here.
    }
  }

  #reopen(): void {
    const fresh = openForWriting(this.#path);
    try {
      this.#statements = prepare(fresh);
    } catch (error) {
      fresh.close();
      throw error;
    }
    this.#database.close();
    this.#database = fresh;
    this.#synchronous = 'FULL';
  }

  #insertAll(messages: readonly Message[], outcomes: Uint8Array): number {
    const createdAt = new Date().toISOString();
    const { counter, setCounter } = this.#statements;
    // Read in each transaction: another process may have written in between.
    const first = counter('last_seq');
    let seq = first;
    for (const [index, message] of messages.entries()) {
      const instant = parseInstant(message.ts);
      if (instant === null) throw new Error('a message with an invalid ts reached the store');
      const { changes } = this.#statements.insert.run(
        message.message_id,
        message.from,
        message.to,
        message.ts,
        message.text,
        createdAt,
        seq + 1,
        instant.seconds,
        instant.nanos,
      );
      if (changes === 1) {
        seq += 1;
        outcomes[index] = CREATED;
      } else {
        outcomes[index] = this.#isStored(message) ? DUPLICATE : CONFLICT;
      }
    }
    if (seq !== first) {
      setCounter('last_seq', seq);
      setCounter('messages', counter('messages') + seq - first);
    }
    return seq - first;
  }

  /** Whether the stored message with this id has the same content. */
  #isStored(message: Message): boolean {
    const stored = this.#statements.stored.get(message.message_id);
    return (
      stored?.['from_msisdn'] === message.from &&
      stored['to_msisdn'] === message.to &&
      stored['ts'] === message.ts &&
      stored['text'] === message.text
    );
  }
}

function prepare(database: DatabaseSync): Statements {
  return {
    insert: database.prepare(
      `INSERT INTO messages (message_id, from_msisdn, to_msisdn, ts, text, created_at, seq, ts_seconds, ts_nanos)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message_id) DO NOTHING`,
    ),
    stored: database.prepare(
      'SELECT from_msisdn, to_msisdn, ts, text FROM messages WHERE message_id = ?',
    ),
    counter: counterReader(database),
    setCounter: counterWriter(database),
    order: new OrderFiller(database),
  };
}
