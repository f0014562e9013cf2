// What holds for the signature of every scheme: what is signed is accepted, to the byte, and whatever is changed in it is not.
import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Receiver, Verdict } from '../../app/sources/scheme.ts';
import { type SchemeCase, SCHEME_CASES } from './schemes-under-test.ts';
import { NOW, NOW_MS, accepts, bytes, postOf, signedPost, sourceOf } from './signed.ts';

const RUNS = 500;
const CURRENT: Verdict = { signedWith: 'current' };

for (const one of SCHEME_CASES) {
  const { name, scheme, secret, otherSecret, settings, headers, signed, times } = one;
  describe(`a signature of ${name}`, () => {
    const source = sourceOf(scheme, secret, settings);
    const verdict = (
      given: Readonly<Record<string, string | string[]>>,
      body: Uint8Array,
      to: Receiver = source,
    ): Verdict => to.verify(postOf(given, body), NOW_MS);

    it('is accepted over any bytes, and made as the provider makes it', () => {
      fc.assert(
        fc.property(bytes, (body) => {
          assert.deepEqual(verdict(headers(body), body), CURRENT);
          const own = signedPost(source, body);
          assert.deepEqual(source.verify(own, NOW_MS), CURRENT);
          // Of the two sets of names of Standard Webhooks, that of the specification is used.
          const expected = postOf(headers(body), body).headers;
          for (const header of signed.map((given) => given.toLowerCase()))
            assert.equal(own.headers[header.replace('svix-', 'webhook-')], expected[header]);
        }),
        { numRuns: RUNS },
      );
    });

    it('is refused over other bytes', () => {
      fc.assert(
        fc.property(bytes, edits, (body, edit) => {
          const edited = edit(body);
          fc.pre(Buffer.compare(edited, body) !== 0);
          assert.equal(accepts(verdict(headers(body), edited)), false);
        }),
        { numRuns: RUNS },
      );
    });

    for (const header of signed)
      it(`is refused with another ${header}`, () => {
        fc.assert(
          fc.property(bytes, edits, (body, edit) => {
            const given = headers(body);
            const value = given[header] ?? '';
            const edited = edit(Buffer.from(value)).toString('latin1').trim();
            fc.pre(!saysTheSame(one, edited, value));
            assert.equal(accepts(verdict({ ...given, [header]: edited }, body)), false, edited);
          }),
          { numRuns: RUNS },
        );
      });

    for (const header of signed)
      it(`is refused without ${header}, and with it twice where it is no list`, () => {
        const lists =
          scheme === 'stripe' || (scheme === 'standard' && header.endsWith('signature'));
        const body = Buffer.from('{}');
        const given = headers(body);
        const { [header]: value = '', ...rest } = given;
        assert.equal(accepts(verdict(rest, body)), false);
        assert.deepEqual(verdict({ ...rest, [header]: '' }, body), verdict(rest, body));
        assert.deepEqual(verdict({ ...rest, [header]: [] }, body), verdict(rest, body));
        assert.equal(accepts(verdict({ ...rest, [`${header}-2`]: value }, body)), false);
        // A list may hold a signature twice.
        if (lists) return;
        assert.equal(accepts(verdict({ ...rest, [header]: `${value}, ${value}` }, body)), false);
        assert.equal(accepts(verdict({ ...rest, [header]: [value, value] }, body)), false);
      });

    it('is refused with another key, and accepted with the previous one', () => {
      const other = sourceOf(scheme, otherSecret, settings);
      const rotated = sourceOf(scheme, otherSecret, settings, secret);
      fc.assert(
        fc.property(bytes, (body) => {
          assert.deepEqual(verdict(headers(body), body, other), { fault: 'mismatch', hint: null });
          assert.deepEqual(verdict(headers(body), body, rotated), { signedWith: 'previous' });
          assert.deepEqual(rotated.verify(signedPost(rotated, body), NOW_MS), CURRENT);
        }),
        { numRuns: RUNS },
      );
    });

    if (times === null) return;

    it('is accepted for as long as its time is near enough, to the second', () => {
      const { oldest, latest } = times;
      const body = Buffer.from('{}');
      assert.deepEqual(verdict(headers(body, oldest), body), CURRENT);
      assert.equal(faultOf(verdict(headers(body, oldest - 1), body)), 'timestamp');
      assert.deepEqual(verdict(headers(body, latest ?? 99_999_999_999), body), CURRENT);
      if (latest !== null)
        assert.equal(faultOf(verdict(headers(body, latest + 1), body)), 'timestamp');
    });

    it('that is wrong is named before its time', () => {
      const old = headers(Buffer.from('{}'), times.oldest - 1);
      assert.equal(faultOf(verdict(old, Buffer.from('[]'))), 'mismatch');
    });
  });
}

describe('any headers at all', () => {
  const names = [...new Set(SCHEME_CASES.flatMap(({ signed }) => signed)), 'Content-Encoding'];
  const value = fc.oneof(
    fc.string({ unit: 'binary-ascii', maxLength: 100 }),
    fc
      .tuple(
        fc.constantFrom('', 'sha256=', 'sha1=', 'v0=', 'v1=', 'v1,', 't=1769990000,v1=', 'HMAC '),
        fc.constantFrom('0123456789abcdef', 'DEADBEEF', 'QUJD', 'whsec_', '=', ' ', ', '),
        fc.constantFrom(1, 2, 4, 5, 8, 11, 100),
      )
      .map(([start, text, times]) => start + text.repeat(times)),
    fc.constantFrom(String(NOW), 'gzip', '[object Object]'),
  );
  const headers = fc.dictionary(
    fc.oneof(fc.constantFrom(...names), fc.constantFrom('__proto__', 'constructor')),
    fc.oneof(value, fc.array(value, { maxLength: 3 })),
    { noNullPrototype: true },
  );

  for (const { name, scheme, secret, settings } of SCHEME_CASES)
    it(`are refused by ${name}, with a hint that repeats nothing of them`, () => {
      const source = sourceOf(scheme, secret, settings);
      fc.assert(
        fc.property(headers, bytes, (given, body) => {
          const verdict = source.verify(postOf(given, body), NOW_MS);
          assert.ok('fault' in verdict);
          const hint = verdict.hint ?? '';
          assert.doesNotMatch(hint, /0123456789abcdef|DEADBEEF|QUJDQUJD|whsec_whsec_/);
          assert.ok(hint.length < 200, hint);
        }),
        { numRuns: 2 * RUNS },
      );
    });
});

const faultOf = (verdict: Verdict): string | null => ('fault' in verdict ? verdict.fault : null);

/** Whether a changed header still holds the signature and time that it held. */
function saysTheSame({ scheme, anyCase }: SchemeCase, edited: string, value: string): boolean {
  if (scheme !== 'stripe')
    return anyCase ? edited.toLowerCase() === value.toLowerCase() : edited === value;
  const [time = '', signature = ''] = value.split(',');
  const elements = edited.split(',');
  return (
    elements.findLast((element) => element.startsWith('t=')) === time &&
    elements.includes(signature)
  );
}

/** One change of some bytes: a bit, a byte more or less, two of them changed over, or a byte order mark. */
const edits: fc.Arbitrary<(bytes: Uint8Array) => Buffer> = fc
  .record({
    at: fc.nat(),
    kind: fc.constantFrom('bit', 'insert', 'remove', 'swap', 'mark', 'space', 'double'),
    byte: fc.nat(255),
  })
  .map(({ at, kind, byte }) => (given) => {
    const edited = [...given];
    const index = given.length === 0 ? 0 : at % given.length;
    if (kind === 'bit' && given.length > 0)
      edited[index] = (edited[index] ?? 0) ^ (1 << (byte % 8));
    if (kind === 'insert') edited.splice(index, 0, byte);
    if (kind === 'remove') edited.splice(index, 1);
    if (kind === 'swap') edited.push(...edited.splice(index, 1));
    if (kind === 'mark') edited.unshift(0xef, 0xbb, 0xbf);
    if (kind === 'space') edited.push(0x20);
    if (kind === 'double') edited.push(...given);
    return Buffer.from(edited);
  });
