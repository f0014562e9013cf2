// Posts that are one event each: how it is made of a body.
import { hash } from 'node:crypto';
import type { Delivery, EventItem } from '../model/item.ts';
import { bodyText } from './body.ts';
import { instantOf } from './instants.ts';
import { columnName, contentOf, itemId, unparsed } from './items.ts';
import { RawJson } from './raw-json.ts';

/** The type of an event for which the provider, or the settings of the source, name none. */
const UNNAMED = 'event';

/** What a scheme reads of an event. */
export interface EventFields {
  /** The provider's id; null where there is none: then the hash of the body is the id. */
  readonly id: string | null;
  readonly type: string | null;
  /** What may be a time, in any form that `instantOf` reads; the arrival stands for anything else. */
  readonly time: unknown;
  /** The text that is equal for equal content; the payload where it is absent. */
  readonly content?: string;
}

/**
 * Returns the event that a body is. `jsonIn` finds the JSON in the text of a body, and returns null where there is none: then the event is
 * `unparsed`. `read` says what is in it. `bodyBytesMax`: the most bytes of a body that came compressed.
 */
export function singleEvent(
  delivery: Delivery,
  bodyBytesMax: number,
  read: (json: RawJson) => EventFields,
  jsonIn: (text: string) => RawJson | null = (text) => RawJson.parse(text),
): EventItem {
  const text = bodyText(delivery, bodyBytesMax);
  const json = text === null ? null : jsonIn(text);
  if (text === null || json === null) return unparsed(delivery, delivery.body);
  return eventOf(delivery, text, json, read(json));
}

/** Returns the event of these fields. `text`: the body; `json`: what is kept of it as payload. */
export function eventOf(
  delivery: Delivery,
  text: string,
  json: RawJson,
  { id, type, time, content }: EventFields,
): EventItem {
  return {
    event_id: itemId(delivery.source, id ?? hash('sha256', text)),
    type: type === null ? UNNAMED : columnName(type),
    subject: null,
    ts: instantOf(time) ?? delivery.receivedAt,
    payload: json.text,
    content: contentOf(content ?? json.text),
    delivery,
  };
}
