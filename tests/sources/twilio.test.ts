// Twilio: what verifies, held against its own package in both directions, and where the two may differ.
import assert from 'node:assert/strict';
import { parse } from 'node:querystring';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  getExpectedTwilioSignature,
  validateRequest,
  validateRequestWithBody,
} from 'twilio/lib/webhooks/webhooks.js';
import { formOf } from '../../app/sources/form.ts';
import { TWILIO } from '../../app/sources/schemes/twilio.ts';
import { SECRET, receiverOf } from './decoded.ts';
import { PUBLIC_URL, fieldsOf, twilioVerdict } from './twilio-posts.ts';

fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });

const PREVIOUS = 'the one before';
const TWILIO_SOURCE = receiverOf(TWILIO, { PUBLIC_URL }, PREVIOUS);
const verdict = (body: string | Buffer, signature: string | undefined, query = ''): string =>
  twilioVerdict(TWILIO_SOURCE, body, signature, query);
const urlOf = (query: string): string => (query === '' ? PUBLIC_URL : `${PUBLIC_URL}?${query}`);

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', ' ', '+15551230001', 'whatsapp:+1', "it's", '&=%+', 'é😀', '0'),
);
/** Few names, so that they come again. */
const name = fc.oneof(
  text,
  fc.constantFrom('Body', 'From', 'MessageSid', 'A', 'a', 'é', '😀', '\uffff', '10', '9'),
);
const fields = fc.array(fc.tuple(name, text), { maxLength: 8 });
/** A form, with each character escaped that must be; and texts that are taken for one. */
const forms = fc.oneof(
  { arbitrary: fields.map((pairs) => String(new URLSearchParams(pairs))), weight: 4 },
  // Only of ASCII: Express takes other letters beside a broken escape for bytes that are no text.
  fc.string({ unit: fc.constantFrom(...'ab=&%+2fF;?[]{} \n\0'), maxLength: 20 }),
);
const query = fc.oneof(
  fc.constant(''),
  fields
    .map((pairs) => String(new URLSearchParams(pairs)))
    .filter((one) => !one.includes('bodySHA256')),
  fc.constantFrom("q=it's", 'b=2&a=1&b=1', 'a=%7e&b=%2F/', 'a', 'x=%zz', 'a=1&&b'),
);

describe('a form', () => {
  it('that the package signs is accepted, with the current secret and the previous one', () => {
    fc.assert(
      fc.property(forms, query, fc.constantFrom(SECRET, PREVIOUS), (body, asked, secret) => {
        const signature = getExpectedTwilioSignature(secret, urlOf(asked), fieldsOf(body));
        const expected = secret === SECRET ? 'current' : 'previous';
        assert.equal(verdict(body, signature, asked), expected);
      }),
      { numRuns: 3_000 },
    );
  });

  it('that is signed here is accepted by the package', () => {
    fc.assert(
      fc.property(
        forms.filter((one) => !/^\s*[[{]/.test(one)),
        (body) => {
          const { headers, query: added } = TWILIO_SOURCE.sign(Buffer.from(body), {
            nowMs: 0,
            id: '',
          });
          assert.equal(headers['Content-Type'], 'application/x-www-form-urlencoded');
          assert.equal(added, '');
          const signature = headers['X-Twilio-Signature'] ?? '';
          assert.ok(validateRequest(SECRET, signature, PUBLIC_URL, fieldsOf(body)));
          assert.equal(verdict(body, signature), 'current');
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('is read as Express reads it for the package', () => {
    fc.assert(
      fc.property(forms, (body) => {
        const read = [...formOf(body)].map(
          ([key, values]) => [key, values.length === 1 ? values[0] : values] as const,
        );
        const expected = parse(body, '&', '=', { maxKeys: 0 });
        assert.deepEqual(new Map(read), new Map(Object.entries(expected)));
      }),
      { numRuns: 3_000 },
    );
  });

  it('of many fields, with values and without, is read in their order', () => {
    const body = `?a&${Array.from({ length: 1_000 }, (_, at) => (at % 3 ? `n${at}=${at}&` : `&n${at}&?`)).join('')}`;
    assert.deepEqual(
      [...formOf(body)].map(([one, values]) => [one, values.length === 1 ? values[0] : values]),
      Object.entries(parse(body, '&', '=', { maxKeys: 0 })),
    );
  });

  it('whose fields, URL or signature differ passes only where it passes the package: where the signed text is the same', () => {
    let refused = 0;
    fc.assert(
      fc.property(
        forms,
        query,
        fc.nat(),
        fc.constantFrom(...'ab=&%+1é'),
        (body, asked, place, put) => {
          const signature = getExpectedTwilioSignature(SECRET, urlOf(asked), fieldsOf(body));
          const whole = `${asked}?${body}`;
          const at = place % (whole.length + 1);
          const mutated = whole.slice(0, at) + put + whole.slice(at + (place % 2));
          const cut = mutated.indexOf('?');
          const [otherQuery, otherBody] = [mutated.slice(0, cut), mutated.slice(cut + 1)];
          const passes = validateRequest(SECRET, signature, urlOf(otherQuery), fieldsOf(otherBody));
          const found = verdict(otherBody, signature, otherQuery);
          assert.equal(found, passes ? 'current' : 'mismatch');
          refused += passes ? 0 : 1;
        },
      ),
      { numRuns: 5_000 },
    );
    assert.ok(refused > 2_000, `only ${refused} were mutated in what is signed`);
  });

  it('with a digit of the signature changed is refused', () => {
    const body = 'Body=Hi&MessageSid=SM1';
    const signature = getExpectedTwilioSignature(SECRET, PUBLIC_URL, fieldsOf(body));
    for (let at = 0; at < 27; at += 1) {
      const other = signature[at] === 'A' ? 'B' : 'A';
      assert.notEqual(
        verdict(body, signature.slice(0, at) + other + signature.slice(at + 1)),
        'current',
      );
    }
  });

  it('of 10,000 fields is read, and of more is not: it would take long, before it is known who sent it', () => {
    const body = Array.from({ length: 10_000 }, (_, index) => `f${index}`).join('&');
    const signed = (form: string): string =>
      getExpectedTwilioSignature(SECRET, PUBLIC_URL, fieldsOf(form));
    assert.equal(verdict(body, signed(body)), 'current');
    assert.equal(verdict(`${body}&a`, signed(`${body}&a`)), 'malformed');
  });

  const SIGNATURE = getExpectedTwilioSignature(SECRET, PUBLIC_URL, { a: '1' });
  for (const [what, header, fault] of [
    ['is absent', undefined, 'missing'],
    ['is empty', '', 'missing'],
    ['is hexadecimal', Buffer.from(SIGNATURE, 'base64').toString('hex'), 'malformed'],
    ['is as long as one of SHA-256', Buffer.alloc(32).toString('base64'), 'malformed'],
    ['has no padding', SIGNATURE.slice(0, -1), 'malformed'],
    ['is there twice', `${SIGNATURE}, ${SIGNATURE}`, 'malformed'],
    [
      'has bits behind its end',
      SIGNATURE.replace(/.=$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}=`),
      'mismatch',
    ],
  ] as const)
    it(`whose signature ${what} is ${fault}`, () => {
      assert.equal(verdict('a=1', header), fault);
    });
});

describe('JSON', () => {
  const json = fc.json({ stringUnit: 'binary' }).map((one) => `[${one}]`);

  it('that is signed here is accepted by the package, and here', () => {
    fc.assert(
      fc.property(json, (body) => {
        const { headers, query: added } = TWILIO_SOURCE.sign(Buffer.from(body), {
          nowMs: 0,
          id: '',
        });
        const signature = headers['X-Twilio-Signature'] ?? '';
        assert.equal(headers['Content-Type'], 'application/json');
        assert.match(added, /^bodySHA256=[0-9a-f]{64}$/);
        assert.ok(validateRequestWithBody(SECRET, signature, urlOf(added), body));
        assert.equal(verdict(body, signature, added), 'current');
      }),
      { numRuns: 1_000 },
    );
  });

  const BODY = '[{"id":"EZ1"}]';
  const { headers: SIGNED, query: HASH } = TWILIO_SOURCE.sign(Buffer.from(BODY), {
    nowMs: 0,
    id: '',
  });
  const SIGNATURE = SIGNED['X-Twilio-Signature'] ?? '';
  for (const [what, body, asked] of [
    ['another body', '[{"id":"EZ2"}]', HASH],
    ['a line feed behind the body', `${BODY}\n`, HASH],
    ['no body', '', HASH],
    ['another hash', BODY, HASH.replace(/.$/, (last) => (last === '0' ? '1' : '0'))],
    ['the hash in upper case', BODY, `bodySHA256=${HASH.slice(11).toUpperCase()}`],
    ['an empty hash', BODY, 'bodySHA256='],
    ['no hash', BODY, ''],
    ['a second parameter', BODY, `${HASH}&a=1`],
  ] as const)
    it(`with ${what} is refused, as the package refuses it`, () => {
      assert.equal(validateRequestWithBody(SECRET, SIGNATURE, urlOf(asked), body), false);
      assert.equal(verdict(body, SIGNATURE, asked), 'mismatch');
    });

  it('may have any number of ampersands in it', () => {
    const body = JSON.stringify('&'.repeat(20_000));
    const { headers, query: added } = TWILIO_SOURCE.sign(Buffer.from(`[${body}]`), {
      nowMs: 0,
      id: '',
    });
    assert.equal(verdict(`[${body}]`, headers['X-Twilio-Signature'], added), 'current');
  });

  it('whose hash is the last of two thousand parameters is held against it', () => {
    const many = Array.from({ length: 2_000 }, (_, index) => `p${index}=1`).join('&');
    const asked = `${many}&${HASH}`;
    const signature = getExpectedTwilioSignature(SECRET, urlOf(asked), {});
    assert.equal(verdict(BODY, signature, asked), 'current');
    assert.equal(verdict(`${BODY} `, signature, asked), 'mismatch');
  });
});
