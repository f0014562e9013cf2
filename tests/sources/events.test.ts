// Schemes whose posts are one event each: what is stored of a post, field by field, and that nothing signed is lost.
import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Delivery, type Item, isOfSource } from '../../app/model/item.ts';
import { parseInstant } from '../../app/model/instant.ts';
import type { SchemeName } from '../../app/model/source.ts';
import type { Receiver, SourceSettings } from '../../app/sources/scheme.ts';
import { ARRIVAL, HASHED, deliveryOf, itemsOf, storedOf } from './decoded.ts';
import { PRESET_CASES } from './event-cases.ts';
import { HMAC_CASES } from './hmac-cases.ts';
import { bytes, sourceOf } from './signed.ts';

const SECRET = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const receiver = (scheme: SchemeName, settings: SourceSettings = {}): Receiver =>
  sourceOf(scheme, SECRET, settings);
const delivery = (
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Delivery => ({ ...deliveryOf(body), headers: Object.entries(headers) });

/** Returns the only item of a post. */
function itemOf(source: Receiver, post: Delivery): Item {
  const [item, ...others] = itemsOf(source, post);
  assert.ok(item);
  assert.deepEqual(others, []);
  return item;
}

const contentIn = (scheme: SchemeName, body: string): string => {
  const item = itemOf(receiver(scheme), delivery(body));
  assert.ok(isOfSource(item));
  return item.content;
};

describe('an event', () => {
  for (const { name, scheme, settings, headers, body, id, type, ts, payload = body } of [
    ...PRESET_CASES,
    ...HMAC_CASES,
  ])
    it(`of ${scheme}: ${name}`, () => {
      const item = itemOf(receiver(scheme, settings), delivery(body, headers));
      assert.deepEqual(storedOf(item), { event: id, type, subject: null, ts, payload });
      if (id === HASHED)
        assert.ok('event_id' in item && item.event_id === `src:${hash('sha256', body)}`);
    });

  it('of Stripe is the same in each attempt, although the number of endpoints that wait is not', () => {
    const event = (waiting: number, amount: number): string =>
      `{"id":"evt_1","pending_webhooks": ${waiting},"amount":${amount}}`;
    assert.equal(contentIn('stripe', event(2, 5)), contentIn('stripe', event(0, 5)));
    assert.notEqual(contentIn('stripe', event(2, 5)), contentIn('stripe', event(2, 6)));
  });

  it('of GitHub is the same as a form and as JSON', () => {
    const body = '{"a":"é"}';
    const asForm = new URLSearchParams({ payload: body }).toString();
    assert.equal(contentIn('github', asForm), contentIn('github', body));
  });

  it('has an id and a type that fit a column, however long the provider’s are', () => {
    const long = 'x'.repeat(100_000);
    const item = itemOf(
      receiver('stripe'),
      delivery(JSON.stringify({ id: long, type: `${long}\ud800` })),
    );
    assert.ok('event_id' in item && item.event_id.length < 100 && item.type.length < 1_000);
    assert.ok(item.type.isWellFormed());
  });

  it('is read from a compressed body', () => {
    const source = receiver('standard');
    const headers = { 'content-encoding': 'gzip' };
    const item = itemOf(source, delivery(gzipSync('{"type":"a"}'), headers));
    assert.deepEqual(storedOf(item), {
      event: HASHED,
      type: 'a',
      subject: null,
      ts: ARRIVAL,
      payload: '{"type":"a"}',
    });
  });
});

describe('the check of a URL by Slack', () => {
  const slack = receiver('slack');
  const body = '{"token":"t","challenge":"3eZbrw1aBm2rZgRN","type":"url_verification"}';

  it('is answered with its challenge alone, and not stored', () => {
    assert.deepEqual(slack.decode(delivery(body)), {
      reply: { contentType: 'text/plain', body: '3eZbrw1aBm2rZgRN' },
    });
  });
});

describe('a message of the scheme oncebox', () => {
  const source = receiver('oncebox');
  const body =
    '{"message_id":"m1","from":"+15551230001","to":"+14155550100","ts":"2026-02-02T00:00:00.50Z","text":"Ol\\u00e1","more":1}';

  it('is stored under the name of its source', () => {
    assert.deepEqual(storedOf(itemOf(source, delivery(body))), {
      message: 'm1',
      from: '+15551230001',
      to: '+14155550100',
      ts: '2026-02-02T00:00:00.50Z',
      text: 'Olá',
      kind: 'message',
      payload: body,
    });
  });

  for (const [what, other, subject] of [
    ['a field that does not fit', body.replace('+1415', '1415'), 'm1'],
    ['an id that does not fit', body.replace('"m1"', '7'), null],
    ['a list', '[1]', null],
  ] as const)
    it(`with ${what} is an event unparsed, with its JSON`, () => {
      assert.deepEqual(storedOf(itemOf(source, delivery(other))), {
        event: HASHED,
        type: 'unparsed',
        subject,
        ts: ARRIVAL,
        payload: other,
      });
    });
});

const SINGLE: readonly (readonly [SchemeName, SourceSettings])[] = [
  ['oncebox', {}],
  ['standard', {}],
  ['github', {}],
  ['stripe', {}],
  ['slack', {}],
  ['shopify', {}],
  ['hmac', { HEADER: 'X-Sig', ID_POINTER: '/a/b', TIME_POINTER: '/0', TYPE_POINTER: '/' }],
];

for (const [scheme, settings] of SINGLE)
  describe(`a post of ${scheme}`, () => {
    const source = receiver(scheme, settings);

    for (const [what, body] of [
      ['nothing', ''],
      ['a byte order mark alone', '\ufeff'],
      ['text', 'hello'],
      ['JSON that ends early', '{"id":"evt_1","type":"a"'],
      ['JSON and more', '{} {}'],
      ['bytes that are not UTF-8', Buffer.from('7b22e9223a317d', 'hex')],
      ['gzip that is not said to be', gzipSync('{}')],
      ['a form of more fields than are read', `payload={}${'&a'.repeat(100_000)}`],
    ] as const)
      it(`that is ${what} is an event unparsed`, () => {
        assert.deepEqual(storedOf(itemOf(source, delivery(body))), {
          event: HASHED,
          type: 'unparsed',
          subject: null,
          ts: ARRIVAL,
          payload: null,
        });
      });

    it('that inflates to more than is allowed is an event unparsed', () => {
      const headers = { 'content-encoding': 'gzip' };
      const stored = storedOf(itemOf(source, delivery(gzipSync(Buffer.alloc(5_000_000)), headers)));
      assert.ok('event' in stored && stored.type === 'unparsed' && stored.payload === null);
    });

    it('that a proxy inflated, with the header of before, is read as it is', () => {
      const body = '{"type":"a"}';
      const headers = { 'content-encoding': 'gzip' };
      const [plain, inflated] = [delivery(body), delivery(body, headers)];
      assert.deepEqual(storedOf(itemOf(source, inflated)), storedOf(itemOf(source, plain)));
    });

    it('after a byte order mark is read, and stored without it', () => {
      const [plain, marked] = ['{"type":"a"}', '\ufeff{"type":"a"}'].map((body) =>
        storedOf(itemOf(source, delivery(body))),
      );
      assert.deepEqual(marked, plain);
    });

    it('that is nested 100,000 levels deep is one item', () => {
      const deep = 100_000;
      itemOf(source, delivery(`{"id":${'['.repeat(deep)}${']'.repeat(deep)}}`));
    });

    it('is one item with a valid time, whatever is in it, and the same one when it is read again', () => {
      fc.assert(
        fc.property(fc.oneof(bytes, objects), (body) => {
          const post = delivery(body);
          const decoded = source.decode(post);
          if ('reply' in decoded) return;
          const item = itemOf(source, post);
          assert.ok(isOfSource(item));
          assert.notEqual(parseInstant(item.ts), null, item.ts);
          assert.deepEqual(source.decode(post), decoded);
          if (item.payload !== null) JSON.parse(item.payload);
        }),
        { numRuns: 1_000 },
      );
    });
  });

/** Objects of the names that schemes read, with values of any kind. */
const objects: fc.Arbitrary<string> = fc
  .dictionary(
    fc.constantFrom(
      'id',
      'type',
      'created',
      'timestamp',
      'event',
      'event_id',
      'event_time',
      'message_id',
      'challenge',
      'a',
      '__proto__',
    ),
    fc.oneof(
      fc.jsonValue({ stringUnit: 'binary' }),
      fc.constantFrom('url_verification', 'event_callback', '2026-02-02T00:00:00Z'),
      fc.integer(),
      fc.double(),
    ),
  )
  .map((value) => JSON.stringify(value));
