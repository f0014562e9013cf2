// The statistics of `GET /stats`.

/** At most ten senders, by count descending, then by number ascending. First and last by instant; null when empty. */
export interface Stats {
  readonly total_messages: number;
  readonly senders_count: number;
  readonly messages_per_sender: readonly { readonly from: string; readonly count: number }[];
  readonly first_message_ts: string | null;
  readonly last_message_ts: string | null;
}
