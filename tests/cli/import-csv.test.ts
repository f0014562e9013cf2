// CSV as spreadsheets save it: other delimiters, byte order marks; what cannot be read is refused with what was seen.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryDirectory } from '../support/cleanup.ts';
import { query } from '../support/database.ts';
import { message } from '../support/message.ts';
import { call, database, importInto } from './calls.ts';

const HEADINGS = ['message_id', 'from', 'to', 'ts', 'text'];
const CELLS = ['a', '+49', '+1', '2025-01-15T10:00:00Z'];
const TEXT = 'one, two; three\tfour "five"';
const BYTE_ORDER_MARK = '\u{feff}';

function sheet(delimiter: string, lineEnd = '\r\n'): string {
  const text = `"${TEXT.replaceAll('"', '""')}"`;
  return [HEADINGS, [...CELLS, text]].map((cells) => cells.join(delimiter) + lineEnd).join('');
}

function utf16(text: string, bigEndian: boolean): Buffer {
  const bytes = Buffer.from(text, 'utf16le');
  return bigEndian ? bytes.swap16() : bytes;
}

const READ: readonly (readonly [what: string, content: string])[] = [
  ['semicolons', sheet(';')],
  ['semicolons and a byte order mark', BYTE_ORDER_MARK + sheet(';')],
  ['semicolons and quoted headings', sheet(';').replaceAll(/message_id|from|ts/g, '"$&"')],
  ['tabs', sheet('\t')],
  ['tabs and a byte order mark', BYTE_ORDER_MARK + sheet('\t', '\n')],
  ['commas and a byte order mark', BYTE_ORDER_MARK + sheet(',')],
  ['a heading with a comma between semicolons', sheet(';').replace('text', 'text;x,y')],
];

describe('import takes CSV with', () => {
  for (const [what, content] of READ) {
    it(what, async (t) => {
      const path = database(t);
      const input = join(temporaryDirectory(t), 'sheet.csv');
      const whole = content.includes('x,y') ? content.replace(/"\r\n$/, '";\r\n') : content;
      writeFileSync(input, whole);
      const figures = await importInto(t, path, input);
      assert.deepEqual([figures['created'], figures['rejected']], [1, 0]);
      const [row] = query(path, 'SELECT message_id, from_msisdn, text FROM messages');
      assert.deepEqual({ ...row }, { message_id: 'a', from_msisdn: '+49', text: TEXT });
    });
  }
});

it('import takes NDJSON with a byte order mark', async (t) => {
  const input = join(temporaryDirectory(t), 'in.ndjson');
  const lines = [message(), message()].map((draft) => `${JSON.stringify(draft)}\n`);
  writeFileSync(input, BYTE_ORDER_MARK + lines.join(''));
  assert.equal((await importInto(t, database(t), input))['created'], 2);
});

const LONG = 'column,'.repeat(5_000);
const REFUSED: readonly (readonly [what: string, name: string, content: Buffer, why: RegExp])[] = [
  [
    'another delimiter, with what was seen and what was expected',
    'in.csv',
    Buffer.from(sheet('|')),
    /message_id\|from\|to\|ts\|text.*message_id, from, to, ts with commas, semicolons or tabs/,
  ],
  ['other headings', 'in.csv', Buffer.from('id;sender\n1;2\n'), /"id;sender"/],
  ['some of the headings', 'in.csv', Buffer.from('message_id;from;to\n'), /names no column ts:/],
  ['a very long first line, shortened', 'in.csv', Buffer.from(LONG), /"(column,){5,12}[^"]{0,9}…"/],
  ['UTF-16', 'in.csv', utf16(BYTE_ORDER_MARK + sheet('\t'), false), /is UTF-16: save it as UTF-8/],
  ['UTF-16, big-endian', 'in.csv', utf16(BYTE_ORDER_MARK + sheet(','), true), /is UTF-16/],
  ['UTF-16 without a mark', 'in.csv', utf16(sheet(','), false), /is UTF-16/],
  ['UTF-16, big-endian without a mark', 'in.csv', utf16(sheet(','), true), /is UTF-16/],
  [
    'an end inside a character',
    'in.csv',
    Buffer.concat([Buffer.from(sheet(',') + CELLS.join(',') + ',gr'), Buffer.from([0xc3])]),
    /the file is not UTF-8/,
  ],
  ['UTF-16', 'in.ndjson', utf16(`${BYTE_ORDER_MARK}{"message_id":"a"}\n`, false), /is UTF-16/],
];

describe('import refuses with a reason', () => {
  for (const [what, name, content, why] of REFUSED) {
    it(`${name} with ${what}`, async (t) => {
      const input = join(temporaryDirectory(t), name);
      writeFileSync(input, content);
      const { stderr } = await call(t, ['import', '-d', database(t), input], 1);
      assert.match(stderr, why);
      assert.match(stderr, /^oncebox: [^\n]{1,600}\n$/);
    });
  }
});
