// The numbers that a store gave its items, and their places in the store in memory.
import assert from 'node:assert/strict';
import { parseInstant } from '../../app/model/instant.ts';
import type {
  ForwardChange,
  ForwardContent,
  ForwardEntry,
  ForwardStatus,
  Store,
  Unfinished,
} from '../../app/storage/store.ts';
import { entriesOf } from './agreement.ts';
import { SOME_TIME } from './kept.ts';

/** Two clocks differ: what the store in memory does not know is only checked to be a time. */
function timeLike(actual: string | null, expected: string | null): string | null {
  if (expected !== SOME_TIME) return actual;
  assert.ok(actual !== null && parseInstant(actual) !== null, String(actual));
  return SOME_TIME;
}

/** The numbers of a store, and the places that the items have in the store in memory, from 1 on. */
export class Places {
  readonly #numbers: readonly number[];

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** Of everything that is stored. */
  static async of(store: Store): Promise<Places> {
    return new Places((await entriesOf(store, 'items')).map(({ seq }) => seq));
  }

  get count(): number {
    return this.#numbers.length;
  }

  /** The number of the item at a place; 0 for 0. */
  numberOf(place: number): number {
    return place === 0 ? 0 : (this.#numbers[place - 1] ?? NaN);
  }

  /** How many items have this number or a lower one. */
  placeOf(number: number): number {
    return this.#numbers.filter((each) => each <= number).length;
  }

  row<Row extends Unfinished>(row: Row): Row {
    return { ...row, seq: this.placeOf(row.seq) };
  }

  entry<Entry extends ForwardEntry>(entry: Entry): Entry {
    const seq = this.placeOf(entry.seq);
    return { ...entry, seq, id: entry.type === 'delivery' ? `delivery:${seq}` : entry.id };
  }

  /** A change of places as one of numbers. */
  change(change: ForwardChange): ForwardChange {
    return {
      ...change,
      position: this.numberOf(change.position),
      finished: change.finished.map((place) => this.numberOf(place)),
      put: change.put.map((row) => ({ ...row, seq: this.numberOf(row.seq) })),
      remove: change.remove.map((place) => this.numberOf(place)),
    };
  }

  status(status: ForwardStatus, expected: ForwardStatus | undefined): ForwardStatus {
    return {
      ...status,
      position: this.placeOf(status.position),
      finished: status.finished.map((number) => this.placeOf(number)),
      startedAfter: this.placeOf(status.startedAfter),
      lastSeq: this.placeOf(status.lastSeq),
      oldest: timeLike(status.oldest, expected?.oldest ?? null),
    };
  }

  content(content: ForwardContent, expected: ForwardContent | undefined): ForwardContent {
    const seq = this.placeOf(content.seq);
    if ('delivery' in content) {
      const { number = 0, body } = content.delivery;
      const delivery = {
        ...content.delivery,
        number: this.placeOf(number),
        body: Buffer.from(body),
      };
      return { seq, delivery };
    }
    const placed = <Row extends { seq: number; delivery: number | null; created_at: string }>(
      row: Row,
      wanted: string | null,
    ): Row => ({
      ...row,
      seq: this.placeOf(row.seq),
      delivery: row.delivery === null ? null : this.placeOf(row.delivery),
      created_at: timeLike(row.created_at, wanted),
    });
    if ('event' in content) {
      const wanted = expected !== undefined && 'event' in expected ? expected.event : null;
      return { seq, event: placed(content.event, wanted?.created_at ?? null) };
    }
    const wanted = expected !== undefined && 'message' in expected ? expected.message : null;
    return { seq, message: placed(content.message, wanted?.created_at ?? null) };
  }
}
