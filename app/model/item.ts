// Items: the things inside a delivery. A message or an event; both are numbered in one sequence.
import type { Message } from './message.ts';

/** One post of a named source, as it came. The default source keeps none. */
export interface Delivery {
  readonly source: string;
  /** When it arrived, ISO-8601. */
  readonly receivedAt: string;
  /** The headers that matter, in the order in which they came; names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The bytes of the body as they came, compressed where they were. */
  readonly body: Uint8Array;
  /** The number of a delivery that is stored already: its items are added to it. */
  readonly number?: number;
}

/** What both kinds of items of a named source have. */
interface Origin {
  /** The item as the provider wrote it, JSON; null where it cannot be parsed: then the delivery has it. */
  readonly payload: string | null;
  /** Equal for equal content: hexadecimal, 32 digits. What a provider changes from one attempt to the next is not part of it. */
  readonly content: string;
  /** The same object for all items of a post: it is stored with the first of them that is new. */
  readonly delivery: Delivery;
}

/** A message of a named source. `message_id` begins with the name of the source and a colon. */
export interface MessageItem extends Message, Origin {
  /** The provider's type, such as `image`. */
  readonly kind: string;
}

/** Anything else: a delivery status, an account update, a post that cannot be parsed. */
export interface EventItem extends Origin {
  /** Unique among events. It begins with the name of the source and a colon. */
  readonly event_id: string;
  readonly type: string;
  /** The id of the item that it is about, as it is stored here; null where it is about none. */
  readonly subject: string | null;
  /** Of the grammar of a message's `ts`. */
  readonly ts: string;
}

/** What a store appends: a message of the default source, or an item of a named one. */
export type Item = Message | MessageItem | EventItem;

/** Types of events that Oncebox makes itself. */
export const UNPARSED = 'unparsed';
/** Content that came under an id under which other content is stored. Its `subject` is that id, its `ts` that of the content. */
export const CONFLICT = 'conflict';
/** What happened to a message that was sent. Its `subject` is the message. */
export const STATUS = 'status';

/** Hexadecimal digits of a `content`: the first half of a SHA-256. */
export const CONTENT_DIGITS = 32;
/** Conflicts that are kept for one id. */
export const CONFLICTS_MAX = 16;

export function isEvent(item: Item): item is EventItem {
  return 'event_id' in item;
}

/** Whether an item is of a named source, and so has a delivery. */
export function isOfSource(item: Item): item is MessageItem | EventItem {
  return 'delivery' in item;
}

/** The id of the event that keeps other content of an id. `content`: hexadecimal, 32 digits. */
export function conflictId(id: string, content: string): string {
  return `${id}:${CONFLICT}:${content}`;
}
