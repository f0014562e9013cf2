// Messages in the order in which they were committed, as a follower reads them.

/** One message with its number in the order of commit. `json` is the message as `GET /messages` lists it, written out once for all followers. */
export interface StreamEntry {
  readonly seq: number;
  readonly json: string;
}

/** What was committed after a given number, a bounded stretch of it. */
export interface StreamPage {
  readonly entries: readonly StreamEntry[];
  /** Whether more was there when it was read than the bounds let through. */
  readonly more: boolean;
  /** The highest number given to a message so far; 0 before the first. */
  readonly lastSeq: number;
}

export interface StreamQuery {
  /** The number after which to read; it need not exist any more. */
  readonly after: number;
  /** The most entries; 0 asks only for the last number. */
  readonly limit: number;
}
