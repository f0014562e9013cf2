// The event that keeps other content of an id, for every engine.
import { hash } from 'node:crypto';
import {
  CONFLICT,
  CONTENT_DIGITS,
  type Delivery,
  type Item,
  conflictId,
  isOfSource,
} from '../model/item.ts';
import { DEFAULT_SOURCE } from '../model/source.ts';
import type { ArchivedEvent, ArchivedMessage } from './archive.ts';
import { messageJson } from './message-json.ts';

/** What a store takes: items as they arrive, and items that were stored elsewhere, without their deliveries. */
export type Storable = Item | ArchivedMessage | ArchivedEvent;

/** The source of an item. */
export function sourceOf(item: Storable): string {
  if (isStoredElsewhere(item)) return item.source ?? DEFAULT_SOURCE;
  return isOfSource(item) ? item.delivery.source : DEFAULT_SOURCE;
}

/** Whether an item was stored before, here or elsewhere. */
function isStoredElsewhere(item: Storable): item is ArchivedMessage | ArchivedEvent {
  return 'created_at' in item;
}

/** The delivery of an item that has just arrived; null for any other. */
export function deliveryOf(item: Storable): Delivery | null {
  return !isStoredElsewhere(item) && isOfSource(item) ? item.delivery : null;
}

/** When an item arrived, as far as it says. */
export function arrivalOf(item: Storable): string | null {
  return isStoredElsewhere(item) ? item.created_at : (deliveryOf(item)?.receivedAt ?? null);
}

/**
 * Returns the event for an item whose id is stored with other content. Of a message of the default source, which keeps no payload, it
 * has the message as JSON.
 */
export function conflictOf(item: Storable): Omit<ArchivedEvent, 'created_at'> {
  const subject = 'event_id' in item ? item.event_id : item.message_id;
  const { payload, content } = originOf(item);
  return {
    event_id: conflictId(subject, content),
    source: sourceOf(item),
    type: CONFLICT,
    subject,
    ts: item.ts,
    payload,
    content,
  };
}

function originOf(item: Storable): { payload: string | null; content: string } {
  if ('event_id' in item) return { payload: item.payload, content: item.content };
  if ('content' in item && item.content !== null)
    return { payload: item.payload, content: item.content };
  const payload = messageJson(item);
  return { payload, content: hash('sha256', payload).slice(0, CONTENT_DIGITS) };
}
