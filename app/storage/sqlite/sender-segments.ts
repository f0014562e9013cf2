// The counted segments of senders with many messages: made and split by and by, behind the commits.
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** A segment is split when it holds more than twice this many messages; a sender with fewer has none. */
export const SEGMENT_MESSAGES = 2_048;
export const LARGE_MESSAGES = 2 * SEGMENT_MESSAGES;
/** Splits at a time: the next commit waits for them. Each walks through a segment. */
const SPLITS_MAX = 8;

const KEY = '(ts_seconds, ts_nanos, message_id)';
const ASCENDING = 'ORDER BY ts_seconds, ts_nanos, message_id';

/** Works inside the transaction of whoever calls it. */
export class SenderSegments {
  /** Senders with a segment that is too large, or that need their first one. */
  readonly #large: Set<number>;
  readonly #begin: StatementSync;
  readonly #mark: StatementSync;
  readonly #largest: StatementSync;
  readonly #keyAfter: StatementSync;
  readonly #cut: StatementSync;
  readonly #add: StatementSync;

  constructor(database: DatabaseSync) {
    const prepare = (sql: string): StatementSync => {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    };
    this.#begin = prepare(
      `INSERT INTO sender_segments
       SELECT sender_id, -99999999999, 0, '', messages FROM senders WHERE sender_id = ? AND segmented = 0`,
    );
    this.#mark = prepare('UPDATE senders SET segmented = 1 WHERE sender_id = ?');
    this.#largest = prepare(
      `SELECT ts_seconds, ts_nanos, message_id, messages FROM sender_segments
       WHERE sender_id = ? ORDER BY messages DESC LIMIT 1`,
    );
    this.#keyAfter = prepare(
      `SELECT ts_seconds, ts_nanos, message_id FROM by_sender
       WHERE sender_id = ? AND ${KEY} >= (?, ?, ?) ${ASCENDING} LIMIT 1 OFFSET ${SEGMENT_MESSAGES}`,
    );
    this.#cut = prepare(
      `UPDATE sender_segments SET messages = ${SEGMENT_MESSAGES}
       WHERE sender_id = ? AND ts_seconds = ? AND ts_nanos = ? AND message_id = ?`,
    );
    this.#add = prepare('INSERT INTO sender_segments VALUES (?, ?, ?, ?, ?)');
    this.#large = new Set(
      prepare(
        `SELECT sender_id FROM senders WHERE messages > ${LARGE_MESSAGES} AND segmented = 0
         UNION SELECT sender_id FROM sender_segments WHERE messages > ${LARGE_MESSAGES}`,
      )
        .all()
        .map((row) => (row as unknown as [number])[0]),
    );
  }

  /** How many senders have segments that are to be made or split. */
  get unfinished(): number {
    return this.#large.size;
  }

  /** A sender without segments, or a segment of one that has them, holds so many messages now. */
  grew(senderId: number, messages: number): void {
    if (messages > LARGE_MESSAGES) this.#large.add(senderId);
  }

  /** A bounded part of the work on one sender. Its entries must be as many as it counts. */
  splitSome(): void {
    const [senderId] = this.#large;
    if (senderId === undefined) return;
    this.#begin.run(senderId);
    this.#mark.run(senderId);
    for (let splits = 0; splits < SPLITS_MAX; splits += 1) {
      const segment = this.#largest.get(senderId) as unknown as Segment | undefined;
      if (segment === undefined || segment[3] <= LARGE_MESSAGES) {
        this.#large.delete(senderId);
        return;
      }
      const [seconds, nanos, messageId, messages] = segment;
      const next = this.#keyAfter.get(senderId, seconds, nanos, messageId);
      if (next === undefined) throw new Error("a sender's order is not what its counts say");
      this.#cut.run(senderId, seconds, nanos, messageId);
      const key = next as unknown as [number, number, string];
      this.#add.run(senderId, ...key, messages - SEGMENT_MESSAGES);
    }
  }
}

type Segment = readonly [seconds: number, nanos: number, messageId: string, messages: number];
