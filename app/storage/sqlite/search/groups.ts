// Groups of a block on their way into the file and out of it.
import type { DatabaseSync } from 'node:sqlite';
import { preparedArrays } from '../file/statements.ts';
import { type Block, rowId } from './blocks.ts';
import { ByteWriter } from './postings.ts';

/**
 * Groups behind one another in the same memory: as one piece each they would cost several times as much to read, and
 * to hand to another thread. A group on its way into the file that ends where it begins is one that is to go.
 */
export interface Groups {
  /** In memory of its own, which may move to another thread. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The groups' numbers in their block, ascending. */
  readonly numbers: readonly number[];
  /** Where each one ends in `bytes`. */
  readonly ends: readonly number[];
}

export const NO_GROUPS: Groups = { bytes: new Uint8Array(), numbers: [], ends: [] };

/** Puts groups behind one another: the bytes of each are written to `out`, then it is ended. */
export class GroupsWriter {
  readonly out = new ByteWriter();
  #numbers: number[] = [];
  #ends: number[] = [];

  /** What was written since the last end is this group. */
  end(group: number): void {
    this.#numbers.push(group);
    this.#ends.push(this.out.length);
  }

  /** Gives the groups that were ended, and starts over. */
  take(): Groups {
    const groups = { bytes: this.out.take(), numbers: this.#numbers, ends: this.#ends };
    this.#numbers = [];
    this.#ends = [];
    return groups;
  }
}

/** Those of a block's groups numbered `first` to `first + count - 1` that it has. */
export function readGroups(
  database: DatabaseSync,
  block: Block,
  first: number,
  count: number,
): Groups {
  const start = rowId(block, first);
  // Bytes come out of group_concat as they went in: a blob is only taken for text, and back.
  const row = preparedArrays(
    database,
    `SELECT CAST(group_concat(postings, '') AS BLOB), json_group_array(row_id - ?1),
       json_group_array(octet_length(postings))
     FROM (SELECT row_id, postings FROM search_postings WHERE row_id BETWEEN ?1 AND ?2 ORDER BY row_id)`,
  ).get(start, start + count - 1);
  const [bytes, places, lengths] = row as unknown as [Uint8Array<ArrayBuffer> | null, ...string[]];
  if (bytes === null) return NO_GROUPS;
  let end = 0;
  return {
    bytes,
    numbers: (JSON.parse(places ?? '') as number[]).map((place) => first + place),
    ends: (JSON.parse(lengths ?? '') as number[]).map((length) => (end += length)),
  };
}
