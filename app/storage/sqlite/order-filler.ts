// Fills the orders behind the commit, in sorted bulk: by time with its counts, step by step, and by sender in rounds.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { counterReader, counterWriter } from './counters.ts';
import { firstAfter } from './gaps.ts';
import { readProgress } from './sender-progress.ts';
import { SenderRounds } from './sender-rounds.ts';
import { LARGE_MESSAGES, SEGMENT_MESSAGES } from './sender-segments.ts';

/** Segments split at a time: a file from before has larger ones, and the next commit waits for their splitting. */
const SPLITS_MAX = 8;

const KEY = '(ts_seconds, ts_nanos, message_id)';
const SAME_KEY = 'ts_seconds = ? AND ts_nanos = ? AND message_id = ?';
const DESCENDING = 'ORDER BY ts_seconds DESC, ts_nanos DESC, message_id DESC';
const ASCENDING = 'ORDER BY ts_seconds, ts_nanos, message_id';

type Key = readonly [seconds: number, nanos: number, messageId: string];

/** Works inside the transaction of whoever calls it. */
export class OrderFiller {
  readonly #database: DatabaseSync;
  readonly #counter: ReturnType<typeof counterReader>;
  readonly #setCounter: ReturnType<typeof counterWriter>;
  readonly #byTime: StatementSync;
  readonly #senderRounds: SenderRounds;
  readonly #segmentOfFirst: StatementSync;
  readonly #segmentOfLast: StatementSync;
  readonly #growSegment: StatementSync;
  readonly #placeRange: StatementSync;
  readonly #keyAfter: StatementSync;
  readonly #setSegment: StatementSync;
  readonly #addSegment: StatementSync;
  readonly #largeSegments: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#counter = counterReader(database);
    this.#setCounter = counterWriter(database);
    const range = 'seq > ? AND seq <= ?';
    this.#byTime = database.prepare(
      `INSERT INTO by_time SELECT ts_seconds, ts_nanos, message_id, seq FROM messages WHERE ${range} ${ASCENDING}`,
    );
    this.#senderRounds = new SenderRounds(database);
    const segmentOf = (end: string): StatementSync =>
      database.prepare(
        `SELECT ts_seconds, ts_nanos, message_id FROM segments
         WHERE ${KEY} <= (SELECT ts_seconds, ts_nanos, message_id FROM messages WHERE ${range} ${end} LIMIT 1)
         ${DESCENDING} LIMIT 1`,
      );
    this.#segmentOfFirst = segmentOf(ASCENDING);
    this.#segmentOfLast = segmentOf(DESCENDING);
    this.#growSegment = database.prepare(
      `UPDATE segments SET messages = messages + ? WHERE ${SAME_KEY} RETURNING messages`,
    );
    this.#placeRange = database.prepare(
      `WITH placed AS (
         SELECT (SELECT json_array(g.ts_seconds, g.ts_nanos, g.message_id) FROM segments g
                 WHERE (g.ts_seconds, g.ts_nanos, g.message_id) <= (m.ts_seconds, m.ts_nanos, m.message_id)
                 ${DESCENDING} LIMIT 1) AS place
         FROM messages m WHERE ${range})
       SELECT place ->> 0 AS ts_seconds, place ->> 1 AS ts_nanos, place ->> 2 AS message_id, count(*) AS count
       FROM placed GROUP BY place`,
    );
    this.#keyAfter = database.prepare(
      `SELECT ts_seconds, ts_nanos, message_id FROM by_time WHERE ${KEY} >= (?, ?, ?) ${ASCENDING} LIMIT 1 OFFSET ?`,
    );
    this.#setSegment = database.prepare(`UPDATE segments SET messages = ? WHERE ${SAME_KEY}`);
    this.#addSegment = database.prepare('INSERT INTO segments VALUES (?, ?, ?, ?)');
    this.#largeSegments = database.prepare(
      `SELECT ts_seconds, ts_nanos, message_id, messages FROM segments WHERE messages > ? LIMIT ${SPLITS_MAX}`,
    );
  }

  /** How much is left to do: messages that the orders lack, and senders whose segments are to be split. */
  backlog(): number {
    return (
      this.#counter('last_seq') -
      readProgress(this.#database).filledSeq +
      this.#senderRounds.unfinished
    );
  }

  /** How many messages the order by time lacks. */
  untimed(): number {
    return this.#counter('last_seq') - this.#counter('ordered_seq');
  }

  /** The transaction of the last call was not committed. */
  forget(): void {
    this.#senderRounds.forget();
  }

  /** Puts up to `messagesMax` messages into both orders. */
  fill(messagesMax: number): void {
    this.fillByTime(messagesMax);
    this.fillBySender(messagesMax);
  }

  /**
   * Puts up to `messagesMax` messages of those that the order by time holds into the order by sender. A round of them begins
   * when at least `roundMin` wait: the more, the less each of them costs.
   */
  fillBySender(messagesMax: number, roundMin = 1): void {
    this.#senderRounds.step(this.#counter('ordered_seq'), messagesMax, roundMin);
  }

  /** Puts up to `messagesMax` messages into the order by time, counts them, and moves the watermark over them. */
  fillByTime(messagesMax: number): void {
    const end = this.#counter('last_seq');
    const filled = this.#counter('ordered_seq');
    if (filled === end) return;
    // Numbers that no message has take no steps: there may be far more of them than messages.
    const first = (firstAfter(this.#database, filled) ?? end + 1) - 1;
    const last = Math.min(end, first + messagesMax);
    const { changes } = this.#byTime.run(first, last);
    this.#count(first, last, Number(changes));
    this.#setCounter('ordered_seq', last);
  }

  /** Live messages fall into one segment, nearly always; then one update counts them all. */
  #count(first: number, last: number, messages: number): void {
    if (messages === 0) return;
    const segment = keyOf(this.#segmentOfFirst.get(first, last));
    if (isSame(segment, keyOf(this.#segmentOfLast.get(first, last)))) {
      const grown = Number(this.#growSegment.get(messages, ...segment)?.['messages']);
      if (grown > LARGE_MESSAGES) this.#split(segment, grown);
      return;
    }
    for (const row of this.#placeRange.all(first, last))
      this.#growSegment.get(Number(row['count']), ...keyOf(row));
    for (const row of this.#largeSegments.all(LARGE_MESSAGES))
      this.#split(keyOf(row), Number(row['messages']));
  }

  #split(start: Key, messages: number): void {
    let rest = messages;
    let key = start;
    while (rest > LARGE_MESSAGES) {
      const next = keyOf(this.#keyAfter.get(...key, SEGMENT_MESSAGES));
      this.#setSegment.run(SEGMENT_MESSAGES, ...key);
      rest -= SEGMENT_MESSAGES;
      this.#addSegment.run(...next, rest);
      key = next;
    }
  }
}

function keyOf(row: Record<string, unknown> | undefined): Key {
  if (row === undefined) throw new Error('the order of messages is not what its counts say');
  return [Number(row['ts_seconds']), Number(row['ts_nanos']), String(row['message_id'])];
}

function isSame(a: Key, b: Key): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2];
}
