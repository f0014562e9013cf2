// Messages in the order in which they were committed, as subscribers read them.

/** One message with its sequence number, in the order of commit. `json` is the message as `GET /messages` lists it, serialized once for all subscribers. */
export interface StreamEntry {
  readonly seq: number;
  readonly json: string;
}

/** Messages that were committed after a sequence number, up to a bound. */
export interface StreamPage {
  readonly entries: readonly StreamEntry[];
  /** Whether there were more than the bound allows. */
  readonly more: boolean;
  /** The highest sequence number so far; 0 before the first. */
  readonly lastSeq: number;
}

export interface StreamQuery {
  /** The sequence number after which to read; its message need not exist any more. */
  readonly after: number;
  /** The most entries; 0 reads only the last sequence number. */
  readonly limit: number;
}
