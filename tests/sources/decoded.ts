// What a table says is stored of a post, and what a scheme made of it, in one form to compare.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseInstant } from '../../app/model/instant.ts';
import { type Delivery, type Item, isEvent, isOfSource } from '../../app/model/item.ts';
import type { Receiver, Scheme, SourceSettings } from '../../app/sources/scheme.ts';

/** The name of the source in all tables. */
const SOURCE = 'src';
const RECEIVED_AT = '2026-02-02T08:00:00.250Z';
/** Stands in a table for the time of arrival. */
export const ARRIVAL = 'arrival';
/** Stands in a table for an id that is made of a hash: the provider gave none. */
export const HASHED = 'hashed';
export const SECRET = 'testsecret';

/** A message or an event as it is stored. An id is without the source before it. */
export type Stored =
  | {
      readonly message: string;
      readonly from: string;
      readonly to: string;
      readonly ts: string;
      readonly text: string | null;
      readonly kind: string;
      readonly payload: string | null;
    }
  | {
      readonly event: string;
      readonly type: string;
      readonly subject: string | null;
      readonly ts: string;
      readonly payload: string | null;
    };

/** A post, and what is stored of it. */
export interface Case {
  readonly name: string;
  readonly body: string;
  readonly stored: readonly Stored[];
}

/** Returns a source of a scheme with the secret of the tests. */
export function receiverOf(
  scheme: Scheme,
  settings: SourceSettings,
  previous: string | null = null,
): Receiver {
  const keys = {
    current: scheme.key(Buffer.from(SECRET)),
    previous: previous === null ? null : scheme.key(Buffer.from(previous)),
  };
  return scheme.receiver(SOURCE, keys, settings, 4_194_304);
}

export function deliveryOf(body: string | Uint8Array): Delivery {
  return {
    source: SOURCE,
    receivedAt: RECEIVED_AT,
    headers: [],
    body: Buffer.from(body),
  };
}

/** Returns the items of a post. Holds what is true of every item, whatever was posted: each engine can store it. */
export function itemsOf(receiver: Receiver, delivery: Delivery): readonly Item[] {
  const decoded = receiver.decode(delivery);
  assert.ok('items' in decoded);
  assert.notEqual(decoded.items.length, 0);
  for (const item of decoded.items) {
    assert.ok(isOfSource(item));
    assert.equal(item.delivery, delivery);
    assert.match(item.content, /^[0-9a-f]{32}$/);
    assert.notEqual(parseInstant(item.ts), null);
    if (item.payload !== null) assert.doesNotThrow(() => JSON.parse(item.payload ?? ''));
    const { id, names } = isEvent(item)
      ? { id: item.event_id, names: [item.type] }
      : { id: item.message_id, names: [item.kind, item.from, item.to] };
    assert.match(id, /^src:[^]{1,600}$/);
    for (const name of names) assert.match(name, /^[^\0]{1,256}$/u);
    for (const text of [...names, id, 'text' in item ? (item.text ?? '') : ''])
      assert.ok(text.isWellFormed());
  }
  return decoded.items;
}

/** Returns an item in the form of the tables. */
export function storedOf(item: Item): Stored {
  assert.ok(isOfSource(item));
  const ts = item.ts === item.delivery.receivedAt ? ARRIVAL : item.ts;
  if (isEvent(item)) {
    const { event_id, type, subject, payload } = item;
    const event = bare(event_id).replace(/(^|:)[0-9a-f]{64}$/, `$1${HASHED}`);
    return { event, type, subject: subject === null ? null : bare(subject), ts, payload };
  }
  const { message_id, from, to, text, kind, payload } = item;
  return { message: bare(message_id), from, to, ts, text, kind, payload };
}

/** Holds each post of a table against what is stored of it. */
export function holds(receiver: Receiver, title: string, cases: readonly Case[]): void {
  describe(title, () => {
    for (const { name, body, stored } of cases)
      it(name, () => {
        assert.deepEqual(itemsOf(receiver, deliveryOf(body)).map(storedOf), stored);
      });
  });
}

function bare(id: string): string {
  assert.ok(id.startsWith(`${SOURCE}:`));
  return id.slice(SOURCE.length + 1);
}
