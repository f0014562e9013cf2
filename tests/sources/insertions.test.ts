// Something unknown or broken anywhere in a post: no neighbour is lost or changed, and nothing makes decoding throw.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { Receiver } from '../../app/sources/scheme.ts';
import { META } from '../../app/sources/schemes/meta.ts';
import { TWILIO } from '../../app/sources/schemes/twilio.ts';
import { type Case, type Stored, deliveryOf, itemsOf, receiverOf, storedOf } from './decoded.ts';
import { EVENT_CASES } from './meta-events.ts';
import { FIELD_CASES } from './meta-fields.ts';
import { TYPE_CASES } from './meta-types.ts';
import { CALLBACK_CASES, JSON_CASES } from './twilio-events.ts';
import { INBOUND_CASES } from './twilio-messages.ts';
import { PUBLIC_URL } from './twilio-posts.ts';

fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });

const META_SOURCE = receiverOf(META, { VERIFY_TOKEN: 'token' });
const TWILIO_SOURCE = receiverOf(TWILIO, { PUBLIC_URL });
const META_CASES = [...TYPE_CASES, ...FIELD_CASES, ...EVENT_CASES];
const FORM_CASES = [...INBOUND_CASES, ...CALLBACK_CASES];
const stored = (source: Receiver, body: string | Uint8Array): Stored[] =>
  itemsOf(source, deliveryOf(body)).map(storedOf);

/** The name of what is put into a post: in none of the tables. */
const MARK = 'put-in-by-the-test';

/** A field, a type or an item that no scheme knows. */
const unknown: fc.Arbitrary<unknown> = fc
  .oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(
      { id: 'wamid.NEW', type: 'hologram', timestamp: '1769990000' },
      { id: 'wamid.NEW', status: 'admired' },
      { field: 'messages', value: { messages: [{ id: 'wamid.DEEP' }] } },
      { id: 'EZ9', type: 'new' },
      { id: 7 },
      [[]],
    ),
  )
  .map((value) => {
    if (Array.isArray(value)) return [...(value as unknown[]), MARK];
    return typeof value === 'object' && value !== null
      ? { ...value, [MARK]: MARK }
      : `${MARK} ${String(value)}`;
  });

/** Returns every object and list in a value. One more contact makes the others ambiguous: lists of contacts are left out. */
function containers(value: unknown, name = ''): object[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, one]) => containers(one, key));
  return Array.isArray(value) && name === 'contacts' ? inner : [value, ...inner];
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object' && JSON.parse(text) !== null;
  } catch {
    return false;
  }
}

/** Puts something into one place of a JSON body. */
function inserted(body: string, place: number, value: unknown): string {
  const whole: unknown = JSON.parse(body);
  const all = containers(whole);
  const container = all[place % all.length];
  if (Array.isArray(container)) container.splice(place % (container.length + 1), 0, value);
  else if (container !== undefined) Object.assign(container, { [`${MARK} ${place % 7}`]: value });
  return JSON.stringify(whole);
}

/** Returns the texts that are not among others, each of which stands for one. */
function without(texts: readonly string[], others: readonly string[]): string[] {
  const rest = [...others];
  return texts.filter((text) => {
    const at = rest.indexOf(text);
    if (at !== -1) rest.splice(at, 1);
    return at === -1;
  });
}

function holdsNeighbours(source: Receiver, cases: readonly Case[]): void {
  const bodies = cases.map(({ body }) => body).filter(isJson);
  assert.ok(bodies.length > 3);
  fc.assert(
    fc.property(fc.constantFrom(...bodies), fc.nat(), unknown, (written, place, value) => {
      // Written anew, so that only what is put in makes a difference.
      const body = JSON.stringify(JSON.parse(written));
      const before = stored(source, body).map((item) => JSON.stringify(item));
      const after = stored(source, inserted(body, place, value)).map((item) =>
        JSON.stringify(item),
      );
      // At most one is not as before: that in which it was put, or that of a part in which nothing was.
      const changed = without(before, after);
      assert.ok(changed.length <= 1, `lost or changed: ${changed.join()}`);
      assert.ok(after.length >= before.length);
    }),
    { numRuns: 4_000 },
  );
}

describe('something unknown or broken, put anywhere', () => {
  it('into a post of Meta costs no neighbour', () => {
    holdsNeighbours(META_SOURCE, META_CASES);
  });

  it('into a JSON body of Twilio costs no neighbour', () => {
    holdsNeighbours(TWILIO_SOURCE, JSON_CASES);
  });

  it('into a form of Twilio changes nothing but the payload', () => {
    const field = fc.tuple(
      fc.constantFrom('ZzNew', 'zz new', 'é', '77'),
      fc.string({ unit: 'binary', maxLength: 9 }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...FORM_CASES),
        fc.nat(),
        field,
        ({ body, stored: usual }, place, pair) => {
          const pairs = body.split('&');
          pairs.splice(place % (pairs.length + 1), 0, String(new URLSearchParams([pair])));
          const [item, ...more] = stored(TWILIO_SOURCE, pairs.join('&'));
          assert.equal(more.length, 0);
          assert.deepEqual({ ...item, payload: null }, { ...usual[0], payload: null });
          const payload = JSON.parse(item?.payload ?? '') as Record<string, unknown>;
          assert.equal(payload[pair[0]], pair[1]);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('whatever is signed', () => {
  const bodies = [...META_CASES, ...FORM_CASES, ...JSON_CASES].map(({ body }) => body);
  /** Posts with some bytes cut out and others put in, and any bytes. */
  const bytes = fc.oneof(
    { arbitrary: fc.uint8Array({ maxLength: 60 }), weight: 1 },
    {
      arbitrary: fc
        .tuple(
          fc.constantFrom(...bodies),
          fc.array(
            fc.tuple(
              fc.nat(),
              fc.nat(20),
              fc.constantFrom('', '"', '{', ']', ',', '\\', '\u0000', 'é', 'null', '&=%'),
            ),
            { minLength: 1, maxLength: 4 },
          ),
        )
        .map(([body, changes]) =>
          changes.reduce((text, [place, cut, put]) => {
            const at = place % (text.length + 1);
            return text.slice(0, at) + put + text.slice(at + cut);
          }, body),
        )
        .map((text) => Buffer.from(text)),
      weight: 9,
    },
  );

  for (const [name, source] of [
    ['Meta', META_SOURCE],
    ['Twilio', TWILIO_SOURCE],
  ] as const)
    it(`as ${name} is at least one item that can be stored, the same ones each time`, () => {
      fc.assert(
        fc.property(bytes, (body) => {
          assert.deepEqual(itemsOf(source, deliveryOf(body)), itemsOf(source, deliveryOf(body)));
        }),
        { numRuns: 3_000 },
      );
    });

  it('100,000 levels deep, at each place, is stored', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    for (const body of [
      deep,
      `{"entry":${deep}}`,
      `{"entry":[{"changes":[${deep}]}]}`,
      `{"entry":[{"changes":[{"field":"messages","value":{"messages":[${deep},{"id":"a","type":"edit","edit":{"message":${deep}}}]}}]}]}`,
    ])
      for (const source of [META_SOURCE, TWILIO_SOURCE]) assert.ok(source.decode(deliveryOf(body)));
  });
});
