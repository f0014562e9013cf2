// The rows of one destination inside a transaction: entries that are not finished, and how many there are of each state.
import type { DatabaseSync } from 'node:sqlite';
import type { UnfinishedState } from '../../../model/forward.ts';
import type { Unfinished } from '../../store.ts';
import { change, prepared, preparedArrays } from '../file/statements.ts';

/** The statements, named for the test of their plans. */
export const ROW_STATEMENTS = {
  first: `SELECT state, seq FROM forward_items INDEXED BY forward_items_by_conversation
    WHERE forward = ? AND conversation = ? AND state <> 'dead' ORDER BY state, seq LIMIT 1`,
} as const;

/** What a row that is gone was. */
type Removed = Pick<Unfinished, 'state' | 'conversation'>;

/** To be used inside one transaction, at the end of which `end` is called. Methods throw what SQLite throws. */
export class ForwardRows {
  readonly #database: DatabaseSync;
  readonly #forward: number;
  readonly #added: Record<UnfinishedState, number> = {
    retry: 0,
    waiting: 0,
    dead: 0,
    discarded: 0,
  };

  /** `forward`: the number of the destination. */
  constructor(database: DatabaseSync, forward: number) {
    this.#database = database;
    this.#forward = forward;
  }

  /** Returns the state of a row; null where there is none. */
  stateOf(seq: number): UnfinishedState | null {
    const row = preparedArrays<[UnfinishedState]>(
      this.#database,
      'SELECT state FROM forward_items WHERE forward = ? AND seq = ?',
    ).get(this.#forward, seq);
    return row?.[0] ?? null;
  }

  /** Adds a row, or replaces the one with the same number. */
  put(row: Unfinished): void {
    const state = this.stateOf(row.seq);
    if (state !== null) this.#added[state] -= 1;
    this.#added[row.state] += 1;
    prepared(
      this.#database,
      `INSERT INTO forward_items (forward, seq, state, conversation, attempts, first_ms, last_ms, due_ms, error)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (forward, seq) DO UPDATE SET state = excluded.state, conversation = excluded.conversation,
         attempts = excluded.attempts, first_ms = excluded.first_ms, last_ms = excluded.last_ms,
         due_ms = excluded.due_ms, error = excluded.error`,
    ).run(
      this.#forward,
      row.seq,
      row.state,
      row.conversation,
      row.attempts,
      row.firstMs,
      row.lastMs,
      row.dueMs,
      row.error,
    );
  }

  /** Removes a row. Returns what it was; null where there is none. */
  remove(seq: number): Removed | null {
    const row = prepared<Removed>(
      this.#database,
      'DELETE FROM forward_items WHERE forward = ? AND seq = ? RETURNING state, conversation',
    ).all(this.#forward, seq)[0];
    if (row === undefined) return null;
    this.#added[row.state] -= 1;
    return row;
  }

  /**
   * Has dead letters attempted as if they never had been: at once, or after what their conversations have. What is none is left out.
   * Returns how many.
   */
  retry(seqs: readonly number[], nowMs: number): number {
    const conversations = seqs.flatMap((seq) => {
      const conversation = this.#retryOne(seq, nowMs);
      return conversation === undefined ? [] : [conversation];
    });
    this.#releaseAll(conversations, nowMs);
    return conversations.length;
  }

  /** Discards a dead letter. Returns whether the row was one. */
  discard(seq: number): boolean {
    const { changes } = prepared(
      this.#database,
      `UPDATE forward_items SET state = 'discarded', conversation = NULL
       WHERE forward = ? AND seq = ? AND state = 'dead'`,
    ).run(this.#forward, seq);
    if (changes === 0) return false;
    this.#added.dead -= 1;
    return true;
  }

  /** Has entries that have no row, or are given up, attempted as `retry` does. */
  again(entries: readonly Pick<Unfinished, 'seq' | 'conversation'>[], nowMs: number): void {
    const never = { attempts: 0, firstMs: null, lastMs: null, error: null };
    for (const { seq, conversation } of entries) {
      const row = { seq, conversation, ...never };
      if (conversation === null) this.put({ ...row, state: 'retry', dueMs: nowMs });
      else this.put({ ...row, state: 'waiting', dueMs: null });
    }
    this.#releaseAll(
      entries.map(({ conversation }) => conversation),
      nowMs,
    );
  }

  /** Where no row of the conversation is to be retried, the first that waits is, and due at `nowMs`. */
  release(conversation: string, nowMs: number): void {
    // In the order of the states' names, what is to be retried comes before what waits.
    const first = preparedArrays<[UnfinishedState, number]>(
      this.#database,
      ROW_STATEMENTS.first,
    ).get(this.#forward, conversation);
    if (first === undefined || first[0] !== 'waiting') return;
    prepared(
      this.#database,
      "UPDATE forward_items SET state = 'retry', due_ms = ? WHERE forward = ? AND seq = ?",
    ).run(nowMs, this.#forward, first[1]);
    this.#added.waiting -= 1;
    this.#added.retry += 1;
  }

  /** Removes up to `limit` rows, whatever they are. Returns how many. The counts are not kept: the destination goes as well. */
  clear(limit: number): number {
    return change(
      this.#database,
      `DELETE FROM forward_items WHERE forward = ?1
         AND seq IN (SELECT seq FROM forward_items WHERE forward = ?1 ORDER BY seq LIMIT ?2)`,
      this.#forward,
      limit,
    );
  }

  /** Writes the counts; what is discarded has none. */
  end(): void {
    const { retry, waiting, dead } = this.#added;
    if (retry === 0 && waiting === 0 && dead === 0) return;
    prepared(
      this.#database,
      'UPDATE forwards SET retrying = retrying + ?, waiting = waiting + ?, dead = dead + ? WHERE forward = ?',
    ).run(retry, waiting, dead, this.#forward);
  }

  /** Returns the conversation of a dead letter that is attempted again, which may be null; undefined where the row is none. */
  #retryOne(seq: number, nowMs: number): string | null | undefined {
    const [row] = preparedArrays<[string | null]>(
      this.#database,
      `UPDATE forward_items SET state = iif(conversation IS NULL, 'retry', 'waiting'), due_ms = iif(conversation IS NULL, ?, NULL),
         attempts = 0, first_ms = NULL, last_ms = NULL, error = NULL
       WHERE forward = ? AND seq = ? AND state = 'dead' RETURNING conversation`,
    ).all(nowMs, this.#forward, seq);
    if (row === undefined) return undefined;
    this.#added.dead -= 1;
    this.#added[row[0] === null ? 'retry' : 'waiting'] += 1;
    return row[0];
  }

  #releaseAll(conversations: readonly (string | null)[], nowMs: number): void {
    for (const conversation of new Set(conversations))
      if (conversation !== null) this.release(conversation, nowMs);
  }
}
