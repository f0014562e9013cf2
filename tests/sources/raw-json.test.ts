// The text of values inside JSON: what is found is what the sender wrote, and means what JSON.parse says.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { RawJson } from '../../app/sources/raw-json.ts';

fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });

function parsed(text: string): RawJson {
  const json = RawJson.parse(text);
  assert.ok(json !== null);
  return json;
}

const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 2 });
/** A string as it may be written: each character plain, or escaped in one of its ways. */
const stringText = fc
  .array(
    fc.oneof(
      fc.constantFrom('\\"', '\\\\', '\\/', '\\b', '\\u00e9', '\\ud83d', '\\u005c', '\\u0022'),
      fc.constantFrom(...'{}[],: abé😀\u2028'),
    ),
    { maxLength: 6 },
  )
  .map((parts) => `"${parts.join('')}"`);
const numberText = fc.constantFrom('0', '-0', '1.50', '1e400', '-1E-7', '12345678901234567890');
/**
 * No name holds a backslash: V8 14.6 may take an escaped name for one that did, in an object of the same names before it, as
 * `{"x":1,"\\":2}` and `{"x":1,"\u0061":2}` show. Then the oracle would be wrong.
 */
const plainName = stringText.filter((text) => !/\\(?:\\|u005c)/.test(text));
const name = fc.oneof(plainName, fc.constantFrom('"a"', '"\\u0061"', '"__proto__"', '"1"', '""'));

/** JSON texts with space, escapes, and names that come twice. */
const { value: jsonText } = fc.letrec<{ value: string }>((tie) => ({
  value: fc
    .tuple(
      space,
      fc.oneof(
        { maxDepth: 4 },
        fc.oneof(stringText, numberText, fc.constantFrom('true', 'false', 'null')),
        fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
        fc
          .array(fc.tuple(space, name, space, tie('value')), { maxLength: 4 })
          .map((all) => `{${all.map(([a, key, b, of]) => `${a}${key}${b}:${of}`).join(',')}}`),
        fc.constantFrom('[ ]', '{ }'),
      ),
      space,
    )
    .map((parts) => parts.join('')),
}));

/** Holds every value inside against what JSON.parse makes of the whole text. Returns how many there are. */
function check(json: RawJson, value: unknown): number {
  assert.deepEqual(json.value, value);
  assert.equal(json.text, json.text.trim());
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const [elements, members] = [[...json.elements()], json.members()];
  assert.equal(elements.length, Array.isArray(value) ? value.length : 0);
  assert.deepEqual(new Set(members.keys()), new Set(isObject ? Object.keys(value) : []));
  const inside = [
    ...elements.map((element, index) => check(element, (value as unknown[])[index])),
    ...[...members].map(([key, member]) => check(member, (value as Record<string, unknown>)[key])),
  ];
  return inside.reduce((sum, count) => sum + count, 1);
}

describe('what is found in a text', () => {
  it('has all elements and names, and means the same, at every depth', () => {
    let values = 0;
    fc.assert(
      fc.property(jsonText, (text) => {
        values += check(parsed(text), JSON.parse(text));
      }),
      { numRuns: 5_000 },
    );
    assert.ok(values > 10_000, `only ${values} values were drawn`);
  });

  it('is byte for byte what was written', () => {
    const written = String.raw`[1.50,"\u00e9\/",{"b" : 1e400,"a":12345678901234567890}]`;
    const texts = parsed(` ${written}`)
      .elements()
      .map(({ text }) => text)
      .toArray();
    assert.deepEqual(texts, [
      '1.50',
      String.raw`"\u00e9\/"`,
      '{"b" : 1e400,"a":12345678901234567890}',
    ]);
  });

  it('is the last value of a name that comes twice, also when it is written otherwise', () => {
    const members = parsed(String.raw`{"a":1,"\u0061":[2],"b":3}`).members();
    assert.deepEqual(
      [...members].map(([key, { text }]) => [key, text]),
      [
        ['a', '[2]'],
        ['b', '3'],
      ],
    );
  });
});

describe('what is not JSON', () => {
  for (const text of ['', ' ', '{', '[1,]', "{'a':1}", '1 2', 'NaN', '\ufeff1'])
    it(JSON.stringify(text), () => {
      assert.equal(RawJson.parse(text), null);
    });
});

describe('texts that are made to cost much', () => {
  const DEPTH = 100_000;
  const bomb = (open: string, close: string): string =>
    `${open.repeat(DEPTH)}0${close.repeat(DEPTH)}`;

  it('100,000 levels beside an item are passed over', () => {
    const items = parsed(`[${bomb('[', ']')},{"id":1},${bomb('{"a":', '}')}]`).elements();
    assert.deepEqual(
      [...items].map(({ text }) => text.length),
      [2 * DEPTH + 1, 8, 6 * DEPTH + 1],
    );
  });

  it('100,000 levels can be walked one by one, from the outside', () => {
    let [json, levels] = [parsed(bomb('[', ']').slice(DEPTH - 1_000, DEPTH + 1_001)), 0];
    for (let [inner] = json.elements(); inner !== undefined; [inner] = json.elements()) {
      [json, levels] = [inner, levels + 1];
    }
    assert.deepEqual([levels, json.text], [1_000, '0']);
  });

  it('a string of backslashes and quotation marks ends where it ends', () => {
    const awkward = JSON.stringify(`${'\\'.repeat(100_001)}"${'"\\'.repeat(50_000)}`);
    assert.deepEqual(
      parsed(`[${awkward},1]`)
        .elements()
        .map(({ text }) => text)
        .toArray(),
      [awkward, '1'],
    );
  });
});
