// How the dashboard shows JSON of providers: laid out, compared, and kept as it was written.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { differences, indented, parseKeepingPayloads } from '../../web/src/json-tokens.ts';

const ANY = Number.MAX_SAFE_INTEGER;

/** JSON texts of every shape, with or without white space, and with what JSON.parse would change. */
const json = fc
  .tuple(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 1, '\t'))
  .map(([value, space]) => JSON.stringify(value, null, space));

describe('the layout of JSON', () => {
  it('changes nothing but white space', () => {
    fc.assert(
      fc.property(json, (text) => {
        const shown = indented(text, ANY) ?? '';
        assert.equal(JSON.stringify(JSON.parse(shown)), JSON.stringify(JSON.parse(text)));
        // A layout has no part that another layout of it would change.
        assert.equal(indented(shown, ANY), shown);
      }),
    );
  });

  it('is that of JSON.stringify, where that changes nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const parsed: unknown = JSON.parse(JSON.stringify(value));
        assert.equal(indented(JSON.stringify(parsed), ANY), JSON.stringify(parsed, null, 2));
      }),
    );
  });

  it('keeps large numbers, trailing zeros, escapes, the order of members and repeated ones', () => {
    const text = String.raw`{"b":12345678901234567890,"a":1.10,"2":"\u00e9\/","1":-0e5,"b":[ ],"c":{}}`;
    assert.equal(
      indented(text, ANY),
      [
        '{',
        '  "b": 12345678901234567890,',
        '  "a": 1.10,',
        String.raw`  "2": "\u00e9\/",`,
        '  "1": -0e5,',
        '  "b": [],',
        '  "c": {}',
        '}',
      ].join('\n'),
    );
  });

  it('gives up beyond a length, also on a text that is only deep', () => {
    assert.equal(indented('[1,2,3]', 8), null);
    const depth = 200_000;
    assert.equal(indented('['.repeat(depth) + ']'.repeat(depth), 100_000), null);
  });
});

describe('an answer with payloads', () => {
  it('has each as the text that it is, at any depth, and everything else as JSON.parse has it', () => {
    const number = '12345678901234567890';
    const text =
      `{"id":"\\"payload\\":1","payload":{"n":${number},"payload":{"x":1}},` +
      `"statuses":[{"payload":[1,{"a":"]}"}],"seq":7},{"payload":null},{"payload":"text"},{"payload": 1.0 }]}`;
    assert.deepEqual(parseKeepingPayloads(text), {
      id: '"payload":1',
      payload: `{"n":${number},"payload":{"x":1}}`,
      statuses: [
        { payload: '[1,{"a":"]}"}]', seq: 7 },
        { payload: null },
        { payload: '"text"' },
        { payload: '1.0' },
      ],
    });
  });

  it('keeps any payload', () => {
    fc.assert(
      fc.property(json, (payload) => {
        const kept = parseKeepingPayloads(`{"a":1,"payload":${payload},"b":[]}`);
        assert.deepEqual(kept, { a: 1, payload: payload === 'null' ? null : payload, b: [] });
      }),
    );
  });
});

describe('the differences of two texts', () => {
  it('are the values that are not written alike, by their paths', () => {
    const first = '{"a":{"b":[1,{"c":"x"}]},"n":1.0,"gone":{},"same":[ 1 ]}';
    const second = '{"n":1.00,"a":{"b":[1,{"c":"y"},2]},"same":[1],"new":null}';
    assert.deepEqual(differences(first, second), [
      { path: 'a.b[1].c', first: '"x"', second: '"y"' },
      { path: 'n', first: '1.0', second: '1.00' },
      { path: 'gone', first: '{}', second: null },
      { path: 'a.b[2]', first: null, second: '2' },
      { path: 'new', first: null, second: 'null' },
    ]);
    assert.deepEqual(differences('{"a.b":1,"a":{"b":2}}', '{"a.b":3,"a":{"b":2}}'), [
      { path: '["a.b"]', first: '1', second: '3' },
    ]);
    assert.deepEqual(differences('1', '2'), [{ path: '', first: '1', second: '2' }]);
  });

  it('are none between a text and its layout', () => {
    fc.assert(
      fc.property(json, (text) => differences(text, indented(text, ANY) ?? '').length === 0),
    );
  });
});
