// A batch of messages as the parameters of one INSERT: each id once, in the order of ids, with the place that numbers it.
import { parseInstant } from '../../../model/instant.ts';
import type { Message } from '../../../model/message.ts';
import { byteaArray, int4Array, int8Array, textArray } from '../database/arrays.ts';
import type { Value } from '../database/session.ts';

export interface Batch {
  readonly messages: readonly Message[];
  /** For each message the index of the first one with its id. */
  readonly first: readonly number[];
  /** The arrays of INSERT_MESSAGES. */
  readonly values: readonly Value[];
}

/** The columns that a batch brings along, in the order of `Batch.values`. */
export const BATCH_COLUMNS =
  'message_id, from_msisdn, to_msisdn, ts, text, created_at, ts_seconds, ts_nanos, ord';
/** SQL for the rows of a batch. */
export const BATCH_ROWS =
  'unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::int8[], $8::int4[], $9::int4[])';

/**
 * Returns the batch. `createdAt` has the time of each one's arrival where that was not now, `places` the place of each in the batch where that
 * is not its index. Throws where a message has an invalid
 * `ts`: those that reach a store have been validated.
 */
export function batchOf(
  messages: readonly Message[],
  createdAt: readonly (string | null)[] = [],
  places: readonly number[] = [],
): Batch {
  const now = new Date().toISOString();
  const firstOf = new Map<string, number>();
  const first = messages.map(({ message_id }, index) => {
    const known = firstOf.get(message_id);
    if (known !== undefined) return known;
    firstOf.set(message_id, index);
    return index;
  });
  // Two batches with ids in common wait for each other in the same order, so that there is no deadlock.
  const rows = [...firstOf.values()]
    .map((index) => rowOf(messages[index] as Message, index, createdAt[index] ?? now))
    .toSorted((a, b) => Buffer.compare(a.id, b.id));
  const values = [
    byteaArray(rows.map(({ id }) => id)),
    textArray(rows.map(({ message }) => message.from)),
    textArray(rows.map(({ message }) => message.to)),
    textArray(rows.map(({ message }) => message.ts)),
    byteaArray(rows.map(({ message: { text } }) => (text === null ? null : Buffer.from(text)))),
    textArray(rows.map((row) => row.createdAt)),
    int8Array(rows.map(({ seconds }) => seconds)),
    int4Array(rows.map(({ nanos }) => nanos)),
    int4Array(rows.map(({ index }) => places[index] ?? index)),
  ];
  return { messages, first, values };
}

interface Row {
  readonly id: Buffer;
  readonly message: Message;
  readonly index: number;
  readonly createdAt: string;
  readonly seconds: number;
  readonly nanos: number;
}

function rowOf(message: Message, index: number, createdAt: string): Row {
  const instant = parseInstant(message.ts);
  if (instant === null) throw new Error('a message with an invalid ts reached the store');
  return { id: Buffer.from(message.message_id), message, index, createdAt, ...instant };
}
