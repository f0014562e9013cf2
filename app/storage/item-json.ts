// Items as the API returns them, for engines that make the JSON in this process. A payload is passed on as its provider wrote it.
import { DEFAULT_SOURCE } from '../model/source.ts';

/** An event as both engines read it. */
export interface EventRow {
  readonly event_id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string | null;
  readonly ts: string;
  readonly created_at: string;
  readonly seq: number;
  /** The number of its delivery. */
  readonly delivery: number | null;
  /** JSON text. */
  readonly payload: string | null;
}

/** A message likewise; `source`, `kind`, `delivery` and `payload` are null where it is the default source's. */
export interface MessageRow {
  readonly message_id: string;
  readonly from: string;
  readonly to: string;
  readonly ts: string;
  readonly text: string | null;
  readonly source: string | null;
  readonly kind: string | null;
  readonly created_at: string;
  readonly seq: number;
  readonly delivery: number | null;
  readonly payload: string | null;
}

/** Returns an event as `GET /events` and `/events/stream` list it. */
export function eventJson(event: Omit<EventRow, 'delivery' | 'payload'>): string {
  const { event_id, source, type, subject, ts, created_at, seq } = event;
  return JSON.stringify({ event_id, source, type, subject, ts, received_at: created_at, seq });
}

/** Returns an event as `GET /event` returns it. */
export function eventDetailJson(event: EventRow): string {
  return extended(eventJson(event), {
    delivery: JSON.stringify(event.delivery),
    payload: event.payload ?? 'null',
  });
}

/** Returns a message as `/events/stream` lists it. */
export function messageItemJson(message: Omit<MessageRow, 'delivery' | 'payload'>): string {
  const { message_id, kind, from, to, ts, text, seq, created_at } = message;
  const source = message.source ?? DEFAULT_SOURCE;
  return JSON.stringify({
    message_id,
    source,
    kind,
    from,
    to,
    ts,
    text,
    seq,
    received_at: created_at,
  });
}

/** Returns a message as `GET /message` returns it. `statuses` and `conflicts`: the events about it, in the order of their numbers. */
export function messageDetailJson(
  message: MessageRow,
  { statuses, conflicts }: Readonly<Record<'statuses' | 'conflicts', readonly EventRow[]>>,
): string {
  const { message_id, from, to, ts, text, kind, seq, created_at, delivery } = message;
  const source = message.source ?? DEFAULT_SOURCE;
  const received_at = created_at;
  return extended(
    JSON.stringify({ message_id, from, to, ts, text, source, kind, seq, received_at, delivery }),
    {
      payload: message.payload ?? 'null',
      statuses: `[${statuses.map(eventDetailJson).join()}]`,
      conflicts: `[${conflicts.map(eventDetailJson).join()}]`,
    },
  );
}

/** Adds members, whose values are JSON texts, at the end of the JSON of an object that has some. */
export function extended(json: string, members: Readonly<Record<string, string>>): string {
  const added = Object.entries(members).map(([name, value]) => `,"${name}":${value}`);
  return `${json.slice(0, -1)}${added.join('')}}`;
}
