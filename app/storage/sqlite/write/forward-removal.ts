// What forwarding has to do with removals: rows go with their entries, and retention keeps what is not finished.
import type { DatabaseSync } from 'node:sqlite';
import type { ForwardMode } from '../../../model/forward.ts';
import { CONFLICT } from '../../../model/item.ts';
import { type KeptForward, allForwards } from '../file/forwards.ts';
import { prepared } from '../file/statements.ts';
import { ForwardRows } from './forward-rows.ts';

/** What retention keeps: items that one of the destinations has not finished, unless they are of an earlier second. */
export interface KeepUnfinished {
  readonly names: readonly string[];
  readonly sinceSeconds: number;
}

interface Item {
  readonly seq: number;
  readonly delivery: number | null;
}

/** To be used inside one transaction of removals. Methods throw what SQLite throws. */
export class ForwardRemoval {
  readonly #database: DatabaseSync;
  readonly #forwards: readonly KeptForward[];
  readonly #keep: KeepUnfinished | null;
  readonly #nowMs = Date.now();

  /** `keep`: null where everything is removed. */
  constructor(database: DatabaseSync, keep: KeepUnfinished | null) {
    this.#database = database;
    this.#forwards = allForwards(database);
    this.#keep = keep;
  }

  /** Whether retention keeps an item: for itself, or a message for a conflict about it, which would go with it. */
  isKept(items: 'messages' | 'events', seq: number): boolean {
    const keep = this.#keep;
    const forwards = this.#forwards.filter(({ name }) => keep?.names.includes(name));
    if (keep === null || forwards.length === 0) return false;
    const item = prepared<Item & { readonly id: string }>(
      this.#database,
      items === 'messages'
        ? 'SELECT message_id AS id, seq, delivery FROM messages WHERE seq = ? AND ts_seconds >= ?'
        : 'SELECT event_id AS id, seq, delivery FROM events WHERE seq = ? AND ts_seconds >= ?',
    ).get(seq, keep.sinceSeconds);
    if (item === undefined) return false;
    const conflicts = items === 'messages' ? this.#conflictsOf(item.id) : [];
    return [item, ...conflicts].some((each) =>
      forwards.some((forward) => this.#isUnfinished(forward, each)),
    );
  }

  /** An item, or in mode `raw` a delivery, is removed: its rows go too, and what waits behind them becomes due. */
  removed(mode: ForwardMode, seq: number): void {
    for (const { forward } of this.#forwards.filter((each) => each.mode === mode)) {
      const rows = new ForwardRows(this.#database, forward);
      const row = rows.remove(seq);
      if (row !== null && row.conversation !== null && row.state !== 'dead')
        rows.release(row.conversation, this.#nowMs);
      rows.end();
    }
  }

  #conflictsOf(messageId: string): Item[] {
    return prepared<Item>(
      this.#database,
      `SELECT seq, delivery FROM events WHERE subject = ? AND type = '${CONFLICT}'`,
    ).all(messageId);
  }

  /** Dead letters are not finished either. */
  #isUnfinished(kept: KeptForward, { seq, delivery }: Item): boolean {
    const { forward, mode, position, finished } = kept;
    const number = mode === 'raw' ? delivery : seq;
    if (number === null) return false;
    if (number > position && !finished.includes(number)) return true;
    const state = new ForwardRows(this.#database, forward).stateOf(number);
    return state !== null && state !== 'discarded';
  }
}
