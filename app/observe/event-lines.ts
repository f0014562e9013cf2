// The lines of the log that are not requests: every event, with the keys that its line has beside ts, level and msg.

/** docs/reference/logs.md is held against this list by a test. Boards and alerts use the names. */
export const EVENTS = {
  listening: ['url'],
  stopping: ['signal'],
  stopped: [],
  crashed: ['error', 'stack'],
  reads_open: [],
  setting_unknown: ['variable', 'meant'],
  dashboard_missing: [],
  network_file_system: ['path', 'file_system'],
  file_open_to_others: ['path', 'mode'],
  waiting_for_lock: ['wait_ms_max'],
  waiting_for_database: ['reason', 'wait_ms_max'],
  request_failed: ['request_id', 'error'],
  protocol_error: ['status', 'code'],
  batch_failed: ['reason', 'messages'],
  disk_recovered: [],
  checkpoint_failed: ['reason'],
  checkpoint_recovered: [],
  pruned: ['messages', 'events', 'duration_ms', 'reason'],
  index_building: ['messages'],
  index_built: ['messages'],
  index_damaged: [],
  index_failed: ['reason'],
  index_recovered: [],
  forward_state: ['destination', 'state', 'reason'],
  forward_failed: ['destination', 'seq', 'attempts', 'count', 'reason'],
  forward_dead: ['destination', 'seq', 'attempts', 'count', 'reason'],
  forward_stalled: ['destination', 'reason'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

type EventName = keyof typeof EVENTS;

/** What an event is logged with: its name, its own keys and no others, and the same in words. */
export type EventLine = {
  [Name in EventName]: { readonly event: Name; readonly msg: string } & {
    readonly [Key in (typeof EVENTS)[Name][number]]?: unknown;
  };
}[EventName];

/** Writes the lines of events, each at its level. */
export interface EventLog {
  info(line: EventLine): void;
  warn(line: EventLine): void;
  error(line: EventLine): void;
}
