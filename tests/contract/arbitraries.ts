// Arbitrary items and queries: few ids, instants and senders, so that duplicates, conflicts and equal keys are common.
import * as fc from 'fast-check';
import type { EventQuery } from '../../app/model/event.ts';
import { parseInstant } from '../../app/model/instant.ts';
import type { Delivery, Item } from '../../app/model/item.ts';
import type { Message } from '../../app/model/message.ts';
import type { MessageQuery } from '../../app/model/page.ts';
import { TIMELINE_STEPS, type TimelineQuery } from '../../app/model/timeline.ts';
import { keyOf } from './engine.ts';

const LETTERS = [
  'a',
  'A',
  'b',
  'é',
  'É',
  'e\u0301',
  'П',
  'п',
  'ς',
  '한',
  '😀',
  '%',
  '"',
  '\0',
  ' ',
];
const words = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...LETTERS), minLength, maxLength });

const two = (max: number): fc.Arbitrary<string> =>
  fc.nat(max).map((value) => String(value).padStart(2, '0'));
const fraction = fc.constantFrom('', '.0', '.5', '.50', '.500000001', '.999999999');
const near = fc
  .tuple(two(2), two(2), fraction)
  .map(([minute, second, part]) => `2025-01-15T10:${minute}:${second}${part}Z`);
const ts = fc.oneof(
  { weight: 6, arbitrary: near },
  {
    weight: 1,
    arbitrary: fc.constantFrom('0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999Z'),
  },
);
/** Often the same, so that duplicates, conflicts and equal instants are common. */
const id = fc.oneof(
  fc.constantFrom('a', 'b', 'A', 'é', 'e\u0301', '\uffff', '\u{1f600}', 'a\0', '\0'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
);
const from = fc.nat(13).map((number) => `+${number}`);
const message: fc.Arbitrary<Message> = fc.record({
  message_id: id,
  from,
  to: fc.constantFrom('+1', '+2'),
  ts,
  text: fc.option(words(0, 12)),
});

/** An append of messages of the default source. */
export const messageGroup = fc.array(message, { minLength: 1, maxLength: 8 });

const sourceName = fc.constantFrom('wa', 'sms');
const type = fc.constantFrom('status', 'conflict', 'push');
const what = fc.record({
  id: fc.constantFrom('a', 'b', 'é', '\u{1f600}'),
  ts,
  content: fc.constantFrom('a'.repeat(32), 'b'.repeat(32), 'c'.repeat(32)),
  payload: fc.constantFrom('{"b": 1, "a": 12345678901234567890}', '"\\u0041"', '[1.0]', null),
});
const postedMessage = fc.record({
  what,
  from: fc.oneof(from, fc.constant('someone')),
  to: fc.constantFrom('+1', ''),
  text: fc.option(words(0, 12)),
  kind: fc.constantFrom('text', 'image'),
});
const postedEvent = fc.record({
  what,
  type,
  subject: fc.option(fc.constantFrom('wa:a', 'wa:b', 'a')),
});

/** A post of a source with some items. */
const post: fc.Arbitrary<Item[]> = fc
  .record({
    source: sourceName,
    second: fc.nat(9),
    body: fc.uint8Array({ maxLength: 8 }),
    items: fc.array(fc.oneof(postedMessage, postedEvent), { minLength: 1, maxLength: 5 }),
  })
  .map(({ source, second, body, items }) => {
    const delivery: Delivery = {
      source,
      receivedAt: `2025-02-01T00:00:0${second}.000Z`,
      headers: [['content-type', 'application/json']],
      body,
    };
    return items.map((item) => {
      const { id: name, ...rest } = item.what;
      const itemId = `${source}:${name}`;
      if ('type' in item)
        return { event_id: itemId, ...rest, type: item.type, subject: item.subject, delivery };
      const { what: _, ...fields } = item;
      return { message_id: itemId, ...rest, ...fields, delivery };
    });
  });

/** An append of posts, and of messages of the default source between them. */
export const itemGroup: fc.Arbitrary<Item[]> = fc
  .array(fc.oneof(post, messageGroup), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.flat());

const instantFilter = fc.option(
  ts.map((text) => parseInstant(text)),
  { freq: 3 },
);
const order = fc.constantFrom('asc' as const, 'desc' as const);
const source = fc.option(fc.constantFrom('wa', 'sms', 'default', 'none'), { freq: 2 });
const filters = {
  from: fc.option(fc.oneof(from, fc.constant('someone')), { freq: 3 }),
  since: instantFilter,
  until: instantFilter,
  source,
  order,
  text: fc.option(words(1, 4), { freq: 2 }),
};
const cursor = fc.record({
  direction: fc.constantFrom('after' as const, 'before' as const),
  key: message.map((each) => keyOf(each)),
});
const offsetPage: fc.Arbitrary<MessageQuery> = fc.record({
  limit: fc.integer({ min: 1, max: 12 }),
  offset: fc.nat(30),
  cursor: fc.constant(null),
  ...filters,
});
const cursorPage: fc.Arbitrary<MessageQuery> = fc.record({
  limit: fc.integer({ min: 1, max: 12 }),
  offset: fc.constant(0),
  cursor,
  ...filters,
});
export const page = fc.oneof(offsetPage, cursorPage);

export const eventPage: fc.Arbitrary<EventQuery> = fc.record({
  limit: fc.integer({ min: 1, max: 8 }),
  source,
  type: fc.option(type, { freq: 2 }),
  subject: fc.option(fc.constantFrom('wa:a', 'wa:b', 'a'), { freq: 2 }),
  since: instantFilter,
  until: instantFilter,
  order,
  cursor: fc.option(cursor, { freq: 1 }),
});

export const range: fc.Arbitrary<TimelineQuery> = fc
  .tuple(fc.constantFrom(...TIMELINE_STEPS), fc.integer({ min: -3, max: 2 }), fc.nat(8))
  .map(([stepSeconds, first, buckets]) => {
    const middle = parseInstant('2025-01-15T10:00:00Z')?.seconds ?? 0;
    const fromSeconds = (Math.floor(middle / stepSeconds) + first) * stepSeconds;
    return { fromSeconds, toSeconds: fromSeconds + buckets * stepSeconds, stepSeconds };
  });
