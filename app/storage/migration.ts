// The port for moving a whole database into another one, of the same engine or not: messages keep their numbers. It knows no engine.
import type { Message } from '../model/message.ts';

/** A message with its number in the order of commit, and when it arrived, ISO-8601. */
export interface NumberedMessage extends Message {
  readonly seq: number;
  readonly created_at: string;
}

/** One end of a migration. Methods reject with AdminError, with StoreUnavailable, and with what the engine and the system throw. */
export interface MigrationEnd {
  /** The last number assigned, to a message that is there or not; 0 before the first. */
  lastSeq(): Promise<number>;
  /** At most `limit` messages with numbers above `after` and up to `upTo`, in their order. */
  messages(after: number, upTo: number, limit: number): Promise<readonly NumberedMessage[]>;
  /** At most `limit` tombstones that follow one of them, or from the first on, in the order of their bytes. */
  tombstones(after: Uint8Array | null, limit: number): Promise<readonly Uint8Array[]>;
  /** Idempotent. */
  close(): Promise<void>;
}

export interface MigrationSource extends MigrationEnd {
  /** Whether each of these ids is that of a message that was here and was removed. */
  areRemoved(messageIds: readonly string[]): Promise<boolean>;
  /**
   * Keeps every other process from writing until `close`. Resolves with false where a service runs: then nothing is held. Called again, it
   * rejects where others could have written since.
   */
  freeze(): Promise<boolean>;
}

/** A database that no service opens before `finish`. One that was left unfinished is continued when it is opened again. */
export interface MigrationTarget extends MigrationEnd {
  /** Stores messages under their numbers, all of them or none. The numbers are above `lastSeq`, and in order. */
  store(messages: readonly NumberedMessage[]): Promise<void>;
  addTombstones(tombstones: readonly Uint8Array[]): Promise<void>;
  /** Removes messages that were stored; a tombstone of each id stays. */
  remove(messages: readonly NumberedMessage[]): Promise<void>;
  /** Makes everything durable, and the database one that a service may open: its next message gets the number after `lastSeq`. */
  finish(lastSeq: number): Promise<void>;
}
