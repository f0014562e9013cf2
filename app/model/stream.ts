// Messages in the order in which they were committed, as subscribers read them.

/** What a stream sends: messages alone, or messages and events. Both have the same numbers. */
export const STREAM_SCOPES = ['messages', 'items'] as const;

export type StreamScope = (typeof STREAM_SCOPES)[number];

/** One message with its sequence number, in the order of commit. `json` is the message as `GET /messages` lists it, or the item as `/events/stream` sends it, serialized once for all subscribers. */
export interface StreamEntry {
  readonly seq: number;
  /** Always `message` where the scope is `messages`. */
  readonly item: 'message' | 'event';
  readonly json: string;
}

/** What was committed after a sequence number, up to a bound. */
export interface StreamPage {
  readonly entries: readonly StreamEntry[];
  /** Whether there were more than the bound allows. */
  readonly more: boolean;
  /** Everything of the scope up to this number is in the entries or before them: to be read on from, also where there are none. */
  readonly upTo: number;
  /** The highest sequence number so far; 0 before the first. */
  readonly lastSeq: number;
}

export interface StreamQuery {
  /** The sequence number after which to read; its message need not exist any more. */
  readonly after: number;
  /** The most entries; 0 reads only the last sequence number. */
  readonly limit: number;
  readonly scope: StreamScope;
}
