// The tail of the order by sender: messages that wait for their round, kept in memory by whoever reads.
import type { DatabaseSync } from 'node:sqlite';
import { compareOrder } from '../../model/order.ts';
import { counterReader } from './counters.ts';
import type { Entry } from './ranks.ts';
import { type SenderProgress, heldUpTo, readProgress } from './sender-progress.ts';
import { preparedArrays } from './statements.ts';
import { refuseLongTail } from './tail-limit.ts';

/**
 * While messages keep coming, tens of thousands wait. Each is read once and kept, and goes when its round is over. It cannot
 * have been removed before that: only what the order holds is removed.
 */
class SenderTail {
  readonly #database: DatabaseSync;
  /** The waiting messages of each sender, in the order of their numbers. */
  readonly #waiting = new Map<string, Entry[]>();
  #progress: SenderProgress;
  /** All after the first number, up to the second, are there. */
  #aboveSeq = 0;
  #upToSeq = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#progress = readProgress(database);
  }

  /** Takes in what the snapshot has that was not there before. Throws where the tail is too long to be kept. */
  refresh(): void {
    const lastSeq = counterReader(this.#database)('last_seq');
    this.#progress = readProgress(this.#database);
    const { filledSeq } = this.#progress;
    refuseLongTail(this.#database, filledSeq);
    if (filledSeq >= this.#upToSeq) {
      this.#waiting.clear();
      this.#aboveSeq = filledSeq;
      this.#upToSeq = filledSeq;
    }
    if (filledSeq > this.#aboveSeq) this.#dropUpTo(filledSeq);
    if (lastSeq > this.#upToSeq) this.#readUpTo(lastSeq);
  }

  /** The sender's messages that the order lacks, in the order of their numbers. */
  of(from: string): Entry[] {
    const held = heldUpTo(this.#progress, from);
    return this.#waiting.get(from)?.filter(({ seq }) => seq > held) ?? [];
  }

  /** How many messages of each sender the order lacks; only senders that have such. */
  counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const from of this.#waiting.keys()) {
      const { length } = this.of(from);
      if (length > 0) counts.set(from, length);
    }
    return counts;
  }

  #dropUpTo(filledSeq: number): void {
    for (const [from, entries] of this.#waiting) {
      const left = entries.filter(({ seq }) => seq > filledSeq);
      if (left.length > 0) this.#waiting.set(from, left);
      else this.#waiting.delete(from);
    }
    this.#aboveSeq = filledSeq;
  }

  #readUpTo(lastSeq: number): void {
    const rows = preparedArrays(
      this.#database,
      'SELECT ts_seconds, ts_nanos, message_id, seq, from_msisdn FROM messages WHERE seq > ?',
    ).all(this.#upToSeq) as unknown as Row[];
    for (const [seconds, nanos, messageId, seq, from] of rows) {
      const entry = { seconds, nanos, messageId, seq };
      const entries = this.#waiting.get(from);
      if (entries === undefined) this.#waiting.set(from, [entry]);
      else entries.push(entry);
    }
    this.#upToSeq = lastSeq;
  }
}

type Row = readonly [seconds: number, nanos: number, messageId: string, seq: number, from: string];

const tails = new WeakMap<DatabaseSync, SenderTail>();

function tailOf(database: DatabaseSync): SenderTail {
  const tail = tails.get(database) ?? new SenderTail(database);
  tails.set(database, tail);
  tail.refresh();
  return tail;
}

/** The messages of a sender that the order by sender lacks, in the order of messages. To be called inside a snapshot. */
export function readSenderTail(database: DatabaseSync, from: string): Entry[] {
  return tailOf(database).of(from).toSorted(compareOrder);
}

/** How many messages of each sender the order by sender lacks; only senders that have such. To be called inside a snapshot. */
export function countSenderTails(database: DatabaseSync): ReadonlyMap<string, number> {
  return tailOf(database).counts();
}
