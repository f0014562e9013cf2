// Fills the order by sender, and what is counted by sender, in rounds: many messages at once, one sender after another.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { firstAfter } from './gaps.ts';
import {
  ROUND_START,
  type SenderProgress,
  progressValues,
  readProgress,
  writeProgress,
} from './sender-progress.ts';
import { SenderSegments } from './sender-segments.ts';

/** Of a file whose order must be filled from the start, no more than these are held at a time. */
const WAITING_MAX = 32_768;

const ORDER = 'ORDER BY from_msisdn, seq';
const RANGE = '(w.from_msisdn, w.seq) > (?, ?) AND (w.from_msisdn, w.seq) <= (?, ?)';

type Mark = readonly [from: string, seq: number];

/**
 * Each sender's list is in pages of its own. A message by itself would change, and write, one page or two; in a round those of
 * one sender go into its page together. Until their round comes, messages wait in temporary tables of this connection,
 * in memory: what is lost with it is read from the messages again. Works inside the transaction of whoever calls it.
 */
export class SenderRounds {
  readonly #database: DatabaseSync;
  readonly #segments: SenderSegments;
  /** Those of the round, and those that wait for the next one. */
  #round: Waiting;
  #next: Waiting;
  /** The progress that the two tables fit; null where they must be filled anew. */
  #known: SenderProgress | null = null;
  #takenSeq = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#segments = new SenderSegments(database);
    this.#round = new Waiting(database, 'waiting_1');
    this.#next = new Waiting(database, 'waiting_2');
  }

  /** Senders whose segments are to be split. */
  get unfinished(): number {
    return this.#segments.unfinished;
  }

  /** The transaction of the last step was not committed: what this knows of the tables may be wrong. */
  forget(): void {
    this.#known = null;
  }

  /**
   * Up to `messagesMax` messages, of those that the order by time holds up to `orderedSeq`, go into the order by sender.
   * A round begins when at least `roundMin` wait for it.
   */
  step(orderedSeq: number, messagesMax: number, roundMin: number): void {
    this.#segments.splitSome();
    let progress = readProgress(this.#database);
    const waiting = this.#take(progress, orderedSeq);
    if (progress.roundSeq === progress.filledSeq) {
      if (waiting === 0 || waiting < roundMin) return;
      [this.#round, this.#next] = [this.#next, this.#round];
      progress = { ...progress, roundSeq: this.#takenSeq };
    }
    progress = this.#slice(progress, messagesMax);
    writeProgress(this.#database, progress);
    this.#known = progress;
  }

  /** Sees to it that the messages that the order lacks are in the two tables, and gives how many wait for the next round. */
  #take(progress: SenderProgress, orderedSeq: number): number {
    // Another process may have filled the order meanwhile.
    if (this.#known === null || !isSame(this.#known, progress)) {
      this.#round.empty();
      this.#next.empty();
      // Those that the round has done already are there too, before the place that it has reached.
      this.#round.add(progress.filledSeq, progress.roundSeq);
      this.#takenSeq = progress.roundSeq;
      this.#known = progress;
    }
    const upTo = Math.min(orderedSeq, this.#startOfNext(progress, orderedSeq) + WAITING_MAX);
    if (upTo > this.#takenSeq) {
      this.#next.add(this.#takenSeq, upTo);
      this.#takenSeq = upTo;
    }
    return this.#takenSeq - progress.roundSeq;
  }

  /** The number after which the next round's messages begin. Numbers that no message has take no rounds. */
  #startOfNext({ roundSeq }: SenderProgress, orderedSeq: number): number {
    if (this.#takenSeq > roundSeq || orderedSeq <= roundSeq) return roundSeq;
    return (firstAfter(this.#database, roundSeq) ?? orderedSeq + 1) - 1;
  }

  #slice(progress: SenderProgress, messagesMax: number): SenderProgress {
    const start: Mark = [progress.reachedFrom, progress.reachedSeq];
    const end = this.#round.markAfter(start, messagesMax);
    const last = end ?? this.#round.last();
    // Nothing is left where somebody has deleted messages by hand.
    if (last !== null) this.#fill([...start, ...last]);
    if (end !== null) return { ...progress, reachedFrom: end[0], reachedSeq: end[1] };
    this.#round.empty();
    return { filledSeq: progress.roundSeq, roundSeq: progress.roundSeq, ...ROUND_START };
  }

  #fill(range: [...Mark, ...Mark]): void {
    let segmented = false;
    for (const row of this.#round.countSenders.all(...range)) {
      const [senderId, messages, has] = row as unknown as [number, number, number];
      if (has === 1) segmented = true;
      else this.#segments.grew(senderId, messages);
    }
    this.#round.insert.run(...range);
    if (!segmented) return;
    for (const row of this.#round.growSegments.all(...range)) {
      const [senderId, messages] = row as unknown as [number, number];
      this.#segments.grew(senderId, messages);
    }
  }
}

/** Messages that wait to be put into the order by sender: a temporary table, and what is done with it. */
class Waiting {
  /** Counts the messages of a range to their senders. Gives each one's number, messages, and whether it has segments. */
  readonly countSenders: StatementSync;
  /** Puts those of a range into the order. */
  readonly insert: StatementSync;
  /** Counts those of a range to the segments of the senders that have them. Gives the senders' numbers and segments' messages. */
  readonly growSegments: StatementSync;
  readonly #add: StatementSync;
  readonly #empty: StatementSync;
  readonly #mark: StatementSync;
  readonly #last: StatementSync;

  constructor(database: DatabaseSync, name: 'waiting_1' | 'waiting_2') {
    const table = `temp.${name}`;
    database.exec(
      `CREATE TABLE IF NOT EXISTS ${table} (
         from_msisdn TEXT NOT NULL,
         seq INTEGER NOT NULL,
         ts_seconds INTEGER NOT NULL,
         ts_nanos INTEGER NOT NULL,
         message_id TEXT NOT NULL,
         PRIMARY KEY (from_msisdn, seq)
       ) WITHOUT ROWID`,
    );
    const prepare = (sql: string): StatementSync => {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    };
    this.#add = prepare(
      `INSERT INTO ${table} SELECT from_msisdn, seq, ts_seconds, ts_nanos, message_id FROM messages
       WHERE seq > ? AND seq <= ?`,
    );
    this.#empty = prepare(`DELETE FROM ${table}`);
    this.#mark = prepare(
      `SELECT from_msisdn, seq FROM ${table} WHERE (from_msisdn, seq) > (?, ?) ${ORDER} LIMIT 2 OFFSET ?`,
    );
    this.#last = prepare(
      `SELECT from_msisdn, seq FROM ${table} ORDER BY from_msisdn DESC, seq DESC LIMIT 1`,
    );
    this.countSenders = prepare(
      `INSERT INTO senders (from_msisdn, messages)
       SELECT from_msisdn, count(*) FROM ${table} w WHERE ${RANGE} GROUP BY from_msisdn
       ON CONFLICT (from_msisdn) DO UPDATE SET messages = messages + excluded.messages
       RETURNING sender_id, messages, segmented`,
    );
    this.insert = prepare(
      `INSERT INTO by_sender SELECT s.sender_id, w.ts_seconds, w.ts_nanos, w.message_id, w.seq
       FROM ${table} w JOIN senders s USING (from_msisdn) WHERE ${RANGE} ORDER BY 1, 2, 3, 4`,
    );
    this.growSegments = prepare(
      `INSERT INTO sender_segments
       SELECT g.sender_id, g.ts_seconds, g.ts_nanos, g.message_id, 1
       FROM ${table} w JOIN senders s USING (from_msisdn) JOIN sender_segments g ON g.sender_id = s.sender_id
         AND (g.ts_seconds, g.ts_nanos, g.message_id) = (
           SELECT ts_seconds, ts_nanos, message_id FROM sender_segments
           WHERE sender_id = s.sender_id
             AND (ts_seconds, ts_nanos, message_id) <= (w.ts_seconds, w.ts_nanos, w.message_id)
           ORDER BY ts_seconds DESC, ts_nanos DESC, message_id DESC LIMIT 1)
       WHERE ${RANGE} AND s.segmented = 1
       ON CONFLICT DO UPDATE SET messages = messages + 1
       RETURNING sender_id, messages`,
    );
  }

  /** Takes the messages after number `first` up to `last`. */
  add(first: number, last: number): void {
    this.#add.run(first, last);
  }

  empty(): void {
    this.#empty.run();
  }

  /** The last of the `messages` messages after the mark; null where no more than that many are left. */
  markAfter(start: Mark, messages: number): Mark | null {
    const [mark, next] = this.#mark.all(...start, messages - 1) as unknown as Mark[];
    return next === undefined ? null : (mark ?? null);
  }

  last(): Mark | null {
    return (this.#last.get() as unknown as Mark | undefined) ?? null;
  }
}

function isSame(a: SenderProgress, b: SenderProgress): boolean {
  const other = progressValues(b);
  return progressValues(a).every((value, index) => value === other[index]);
}
