// How far what is derived follows the messages: the watermarks, and the last number, from one snapshot.
import type { Session } from '../database/session.ts';

export interface Progress {
  /** The highest number so far; 0 before the first. */
  readonly lastSeq: number;
  /** Messages that are stored. */
  readonly messages: number;
  /** Lists and counts hold every message up to this number. */
  readonly listedSeq: number;
  /** At most so many messages are not listed yet. */
  readonly unlisted: number;
  /** Senders of listed messages. */
  readonly senders: number;
  /** The counts and lists of sources hold every item up to this number. */
  readonly countedSeq: number;
  /** Search holds every text up to this number. */
  readonly searchedSeq: number;
}

/** Reads the progress. Rejects with what the client throws. */
export async function readProgress(session: Session): Promise<Progress> {
  const [row] = await session.rows<[number, number, number, number, number, number, number]>(
    `SELECT coalesce(b.first_seq + b.width - 1, 0), coalesce(b.total, 0) - l.removed, l.listed_seq,
       coalesce(b.total, 0) - l.listed_total, l.senders, c.counted_seq, s.searched_seq
     FROM list_state l CROSS JOIN search_state s CROSS JOIN source_state c
     LEFT JOIN (SELECT first_seq, width, total FROM batches ORDER BY first_seq DESC LIMIT 1) b ON true`,
  );
  if (row === undefined) throw new Error('the database has no state of its lists');
  const [lastSeq, messages, listedSeq, unlisted, senders, countedSeq, searchedSeq] = row;
  return { lastSeq, messages, listedSeq, unlisted, senders, countedSeq, searchedSeq };
}
