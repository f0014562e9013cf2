// The times that providers write, as instants.
import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseInstant } from '../../app/model/instant.ts';
import { instantOf } from '../../app/sources/instants.ts';

const READ: readonly (readonly [time: unknown, instant: string])[] = [
  [0, '1970-01-01T00:00:00Z'],
  ['0', '1970-01-01T00:00:00Z'],
  [1_769_990_000, '2026-02-01T23:53:20Z'],
  ['1769990000', '2026-02-01T23:53:20Z'],
  [1_769_990_000.5, '2026-02-01T23:53:20.5Z'],
  ['1769990000.000100', '2026-02-01T23:53:20.000100Z'],
  ['1769990000.1234567891', '2026-02-01T23:53:20.123456789Z'],
  [99_999_999_999, '5138-11-16T09:46:39Z'],
  [100_000_000_000, '1973-03-03T09:46:40Z'],
  [1_769_990_000_000, '2026-02-01T23:53:20Z'],
  ['1769990000007', '2026-02-01T23:53:20.007Z'],
  ['1769990000123.456', '2026-02-01T23:53:20.123456Z'],
  ['1769990000000.5', '2026-02-01T23:53:20.0005Z'],
  ['2026-02-02T00:00:00Z', '2026-02-02T00:00:00Z'],
  ['2026-02-02T00:00:00.123456Z', '2026-02-02T00:00:00.123456Z'],
  ['2026-02-02T00:00:00.1234567899Z', '2026-02-02T00:00:00.123456789Z'],
  ['2026-02-02T01:00:00+01:00', '2026-02-02T00:00:00Z'],
  ['2026-02-01T19:30:00.50-0430', '2026-02-02T00:00:00.50Z'],
  ['2026-02-02 05:00:00+05', '2026-02-02T00:00:00Z'],
  ['2026-02-02t00:00z', '2026-02-02T00:00:00Z'],
  ['2024-02-29T23:30:00-01:00', '2024-03-01T00:30:00Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
  ['0001-01-01T01:00:00+01:00', '0001-01-01T00:00:00Z'],
  ['9999-12-31T23:59:59.999999999Z', '9999-12-31T23:59:59.999999999Z'],
  ['253402300799999', '9999-12-31T23:59:59.999Z'],
];

const NONE: readonly unknown[] = [
  undefined,
  null,
  '',
  true,
  {},
  [1_769_990_000],
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1e21,
  '-1',
  '+1769990000',
  ' 1769990000',
  '1769990000\n',
  '1e9',
  '0x10',
  '1769990000000000',
  '253402300800000',
  'yesterday',
  '2026-02-02',
  '2026-02-02T00:00:00',
  '2026-02-30T00:00:00Z',
  '2026-02-02T24:00:00Z',
  '2026-02-02T23:59:60Z',
  '2026-02-02T00:00:00+25:00',
  '2026-02-02T00:00:00+01:60',
  '0001-01-01T00:00:00+00:01',
  '9999-12-31T23:59:59-00:01',
  '0000-01-01T00:00:00Z',
  '+002026-02-02T00:00:00Z',
  '２026-02-02T00:00:00Z',
  `2026-02-02T00:00:00.${'1'.repeat(50)}Z`,
];

describe('the time', () => {
  for (const [time, instant] of READ)
    it(`${JSON.stringify(time)} is ${instant}`, () => {
      assert.equal(instantOf(time), instant);
    });

  for (const time of NONE)
    it(`${typeof time === 'number' ? time : JSON.stringify(time)} is none`, () => {
      assert.equal(instantOf(time), null);
    });

  it('of any date with an offset is the instant that the engine makes of it', () => {
    const date = fc.date({
      min: new Date('0002-01-01T00:00:00Z'),
      max: new Date('9998-12-31T00:00:00Z'),
      noInvalidDate: true,
    });
    const two = (value: number): string => String(value).padStart(2, '0');
    const offset = fc.tuple(fc.constantFrom('+', '-'), fc.nat(23), fc.nat(59));
    fc.assert(
      fc.property(date, offset, (local, [sign, hours, minutes]) => {
        const text = local.toISOString().replace('Z', `${sign}${two(hours)}:${two(minutes)}`);
        assert.equal(instantOf(text), new Date(text).toISOString());
      }),
      { numRuns: 2_000 },
    );
  });

  it('is of the grammar of a message, whatever it is read from', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.double(), fc.maxSafeNat(), digits), (value) => {
        const instant = instantOf(value);
        assert.ok(instant === null || parseInstant(instant) !== null, String(instant));
      }),
      { numRuns: 5_000 },
    );
  });
});

const digits: fc.Arbitrary<string> = fc.string({
  unit: fc.constantFrom(...'0123456789.-+:TZ'),
  maxLength: 40,
});
