// The order of GET /messages: by instant to the nanosecond, then by the bytes of message_id, on every page.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { soonAndLater } from './support/bounded.ts';
import { message, uniqueNumber } from './support/message.ts';
import { startService } from './support/service.ts';

const service = await startService({ after });

/** Stores a message an instant, in the order given; their ids tell their place in that order. Returns their sender. */
async function storeAt(...instants: string[]): Promise<string> {
  const from = uniqueNumber();
  await service.store(
    ...instants.map((ts, index) => message({ from, ts, message_id: `${from} ${index}` })),
  );
  return from;
}

async function assertInstants(from: string, expected: string[]): Promise<void> {
  await soonAndLater(async () => {
    const { data } = await service.page(`?from=${from}`);
    assert.deepEqual(
      data.map((stored) => stored.ts),
      expected,
    );
  });
}

describe('the order', () => {
  const instants = [
    '0001-01-01T00:00:00Z',
    '0068-07-01T00:00:00Z',
    '0099-12-31T23:59:59Z',
    '0100-01-01T00:00:00Z',
    '1582-10-15T00:00:00Z',
    '1899-12-31T23:59:59Z',
    '1969-12-31T23:59:59.999999999Z',
    '1970-01-01T00:00:00Z',
    '2025-01-15T09:59:59.999999999Z',
    '2025-01-15T10:00:00Z',
    '2025-01-15T10:00:00.000000001Z',
    '2025-01-15T10:00:00.00000001Z',
    '2025-01-15T10:00:00.1Z',
    '2025-01-15T10:00:00.123456788Z',
    '2025-01-15T10:00:00.123456789Z',
    '2025-01-15T10:00:00.12345679Z',
    '2025-01-15T10:00:00.5Z',
    '2025-01-15T10:00:00.999999999Z',
    '2025-01-15T10:00:01Z',
    '9999-12-31T23:59:59Z',
    '9999-12-31T23:59:59.999999999Z',
  ];

  it('is by instant, to the nanosecond, from year 1 to year 9999, and ts comes back as it was sent', async () => {
    const from = await storeAt(...instants.toReversed());
    await assertInstants(from, instants);
  });

  it('puts 10:00:00Z before 10:00:00.5Z', async () => {
    const from = await storeAt('2025-01-15T10:00:00.5Z', '2025-01-15T10:00:00Z');
    await assertInstants(from, ['2025-01-15T10:00:00Z', '2025-01-15T10:00:00.5Z']);
  });

  it('takes .5Z and .500Z for the same instant, and goes by message_id there', async () => {
    const same = [
      '2025-01-15T10:00:00.500Z',
      '2025-01-15T10:00:00.5Z',
      '2025-01-15T10:00:00.500000000Z',
      '2025-01-15T10:00:00.50Z',
    ];
    const from = await storeAt(...same);
    await assertInstants(from, same);
    const whole = ['2025-01-15T10:00:00.000Z', '2025-01-15T10:00:00Z', '2025-01-15T10:00:00.0Z'];
    const other = await storeAt(...whole);
    await assertInstants(other, whole);
  });

  it('is by the UTF-8 bytes of message_id within an instant', async () => {
    const from = uniqueNumber();
    const endings = [
      '',
      '\u0000',
      '\u0000a',
      ' ',
      '!',
      '10',
      '2',
      'A',
      'B',
      'Z',
      '_',
      'a',
      'aa',
      'b',
      'e\u0301',
      'z',
      '\u007f',
      '\u0080',
      'É',
      'é',
      'П',
      'п',
      '\ud7ff',
      '\ue000',
      '\uffff',
      '\u{10000}',
      '😀',
      '\u{10ffff}',
    ];
    const ids = endings.map((ending) => `${from}${ending}`);
    await service.store(...ids.toReversed().map((id) => message({ from, message_id: id })));
    await soonAndLater(async () => assert.deepEqual(await service.ids(`?from=${from}`), ids));
  });

  it('is the same on every page, whichever order the messages came in', async () => {
    const from = await storeAt(...instants.toReversed(), ...instants);
    const whole = await service.ids(`?from=${from}&limit=100`);
    const paged: string[] = [];
    for (let offset = 0; offset < whole.length; offset += 3)
      paged.push(...(await service.ids(`?from=${from}&limit=3&offset=${offset}`)));
    assert.deepEqual(paged, whole);
  });
});
