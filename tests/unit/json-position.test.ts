// The scanner for JSON faults: it finds one exactly where JSON.parse throws, at a place that is one.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as fc from 'fast-check';
import { jsonErrorPosition } from '../../app/ingest/json-position.ts';

fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });

const PARTS = [
  ...'{}[],:"\\u0123456789abcdefABCDEFtrlsn+-./ \t\n\r\v\f\0\u001f\u007f\u00a0\u2028\ufeffé😀',
  '\\u',
  '\\ud83d',
  '\\ude00',
  'true',
  'false',
  'null',
  'NaN',
  'Infinity',
  'position 7',
  '"a"',
  '"a":',
];
const part = fc.constantFrom(...PARTS);
const pieces = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));

/** JSON with space in it, and then with some places cut out, or with others put in. */
const spaced = fc
  .tuple(fc.json({ maxDepth: 4, stringUnit: 'binary' }), fc.constantFrom(0, 1, 2, '\t'))
  .map(([json, indent]) => JSON.stringify(JSON.parse(json), null, indent));
const mutated = fc
  .tuple(
    spaced,
    fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.option(part, { nil: '' })), { maxLength: 3 }),
  )
  .map(([json, changes]) =>
    changes.reduce((text, [place, cut, put]) => {
      const at = place % (text.length + 1);
      return text.slice(0, at) + put + text.slice(at + cut);
    }, json),
  );
const cutShort = fc
  .tuple(spaced, fc.nat())
  .map(([json, place]) => json.slice(0, place % json.length));

/** What the service scans was decoded from UTF-8. */
const texts = fc.oneof(pieces, mutated, cutShort, spaced).map((text) => text.toWellFormed());

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

it('finds a fault exactly where JSON.parse throws', () => {
  fc.assert(
    fc.property(texts, (text) => {
      assert.equal(jsonErrorPosition(text) === null, isJson(text));
    }),
    { numRuns: 20_000 },
  );
});

it('stops at the same place whatever follows, where a token cannot change', () => {
  fc.assert(
    fc.property(texts, pieces, (text, more) => {
      const position = jsonErrorPosition(text);
      const characters = Array.from(text);
      // At the end of the text, or in a string without an end, what follows may belong to what is there.
      if (position === null || position + 12 > characters.length) return;
      if (characters[position] === '"') return;
      assert.equal(jsonErrorPosition(text + more.toWellFormed()), position);
    }),
    { numRuns: 10_000 },
  );
});
