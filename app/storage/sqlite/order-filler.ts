// Fills the orders behind the commit: by time, by sender, and the counts of both, in sorted bulk.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { counterReader, counterWriter } from './counters.ts';
import { LARGE_MESSAGES, SEGMENT_MESSAGES, SenderSegments } from './sender-segments.ts';

/** Segments split at a time: a file from before has larger ones, and the next commit waits for their splitting. */
const SPLITS_MAX = 8;

const KEY = '(ts_seconds, ts_nanos, message_id)';
const SAME_KEY = 'ts_seconds = ? AND ts_nanos = ? AND message_id = ?';
const DESCENDING = 'ORDER BY ts_seconds DESC, ts_nanos DESC, message_id DESC';
const ASCENDING = 'ORDER BY ts_seconds, ts_nanos, message_id';

type Key = readonly [seconds: number, nanos: number, messageId: string];

/** Works inside the transaction of whoever calls it. */
export class OrderFiller {
  readonly #counter: ReturnType<typeof counterReader>;
  readonly #setCounter: ReturnType<typeof counterWriter>;
  readonly #byTime: StatementSync;
  readonly #senderSegments: SenderSegments;
  readonly #bySender: StatementSync;
  readonly #lastSegment: StatementSync;
  readonly #firstOfRange: StatementSync;
  readonly #growSegment: StatementSync;
  readonly #placeRange: StatementSync;
  readonly #keyAfter: StatementSync;
  readonly #setSegment: StatementSync;
  readonly #addSegment: StatementSync;
  readonly #largeSegments: StatementSync;

  constructor(database: DatabaseSync) {
    this.#counter = counterReader(database);
    this.#setCounter = counterWriter(database);
    const range = 'seq > ? AND seq <= ?';
    this.#byTime = database.prepare(
      `INSERT INTO by_time SELECT ts_seconds, ts_nanos, message_id, seq FROM messages WHERE ${range} ${ASCENDING}`,
    );
    this.#senderSegments = new SenderSegments(database);
    this.#bySender = database.prepare(
      `INSERT INTO by_sender SELECT s.sender_id, m.ts_seconds, m.ts_nanos, m.message_id, m.seq
       FROM messages m JOIN senders s USING (from_msisdn) WHERE ${range} ORDER BY 1, 2, 3, 4`,
    );
    this.#lastSegment = database.prepare(
      `SELECT ts_seconds, ts_nanos, message_id FROM segments ${DESCENDING} LIMIT 1`,
    );
    this.#firstOfRange = database.prepare(
      `SELECT ${KEY} >= (?, ?, ?) AS after FROM messages WHERE ${range} ${ASCENDING} LIMIT 1`,
    );
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
      this.#counter('last_seq') - this.#counter('ordered_seq') + this.#senderSegments.unfinished
    );
  }

  /** Adds up to `messagesMax` messages to the orders and moves the watermark over them. */
  fill(messagesMax: number): void {
    this.#senderSegments.splitSome();
    const first = this.#counter('ordered_seq');
    const last = Math.min(this.#counter('last_seq'), first + messagesMax);
    if (last === first) return;
    const { changes } = this.#byTime.run(first, last);
    this.#senderSegments.count(first, last);
    this.#bySender.run(first, last);
    this.#count(first, last, Number(changes));
    this.#setCounter('ordered_seq', last);
  }

  /** Live messages come after the start of the last segment, nearly always; then one update counts them all. */
  #count(first: number, last: number, messages: number): void {
    if (messages === 0) return;
    const lastSegment = keyOf(this.#lastSegment.get());
    if (this.#firstOfRange.get(...lastSegment, first, last)?.['after'] === 1) {
      const grown = Number(this.#growSegment.get(messages, ...lastSegment)?.['messages']);
      if (grown > LARGE_MESSAGES) this.#split(lastSegment, grown);
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
