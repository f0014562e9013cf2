// The search index finds what a scan finds, at every stage of being filled and merged.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DatabaseSync } from 'node:sqlite';
import type { Message } from '../../app/model/message.ts';
import { foldCase } from '../../app/model/search.ts';
import { openForReading } from '../../app/storage/sqlite/file/connection.ts';
import { selectPage } from '../../app/storage/sqlite/read/page.ts';
import {
  BLOCK_MESSAGES,
  type Block,
  FAN_OUT,
  blocksIn,
} from '../../app/storage/sqlite/search/blocks.ts';
import { buildBlock } from '../../app/storage/sqlite/search/build.ts';
import { NO_GROUPS } from '../../app/storage/sqlite/search/groups.ts';
import type { SearchPiece } from '../../app/storage/sqlite/index/indexer.ts';
import { mergeBlocks } from '../../app/storage/sqlite/search/merge.ts';
import { foldedTexts } from '../../app/storage/sqlite/search/texts.ts';
import { Writer } from '../../app/storage/sqlite/write/writer.ts';

const WORDS = [
  'Éclair',
  'ПРИВЕТ',
  'hello',
  '100%',
  'a_b',
  'ΟΔΟΣ',
  '😀😀',
  'x\0y',
  '"q"',
  'İstanbul',
  '\u212Aelvin',
  'the',
];
const SEARCHES = [
  'éclair',
  'приве',
  'HELLO',
  '0%',
  '_b ',
  'οδος',
  '😀😀',
  '😀',
  'x\0y',
  '"q"',
  'i̇st',
  'kelvin',
  'KELV',
  'the',
  'h',
  'absent',
  'rare-7',
];
const TOTAL = BLOCK_MESSAGES * (FAN_OUT + 1) + 100;

let directory: string;
let writer: Writer;
let database: DatabaseSync;
const messages: Message[] = [];

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'oncebox-search-'));
  writer = new Writer(join(directory, 'app.db'));
  for (let index = 0; index < TOTAL; index += 1) {
    const words = [0, 1, 2].map((at) => WORDS[(index * 7 + at * (index % 5)) % WORDS.length]);
    const rare = index % 5_000 === 7 ? ` rare-${index % 10}` : '';
    const text = index % 50 === 0 ? null : `${words.join(' ')}${rare}`;
    messages.push({
      message_id: `m${index}`,
      from: '+1',
      to: '+2',
      ts: '2025-01-01T00:00:00Z',
      text,
    });
  }
  for (let first = 0; first < TOTAL; first += 4_000)
    writer.append(messages.slice(first, first + 4_000));
  while (writer.orderBacklog() > 0) writer.fillOrder(10_000);
  database = openForReading(join(directory, 'app.db'));
});

after(() => {
  database.close();
  writer.close();
  rmSync(directory, { recursive: true });
});

function holdsForEverySearch(): void {
  for (const search of SEARCHES) {
    const expected = messages.filter(
      (m) => m.text !== null && foldCase(m.text).includes(foldCase(search)),
    );
    const base = { limit: 100, offset: 0, from: null, since: null, cursor: null };
    const page = selectPage(database, { ...base, text: search });
    assert.equal(page.total, expected.length, search);
    const ids = expected.map((m) => m.message_id).toSorted();
    assert.deepEqual(
      (JSON.parse(Buffer.from(page.json).toString()) as Message[]).map((m) => m.message_id),
      ids.slice(0, 100),
      search,
    );
  }
}

function apply(piece: SearchPiece): void {
  assert.equal(writer.applySearchPiece(piece), null);
}

function indexBlock(block: Block): void {
  const first = block.index * BLOCK_MESSAGES;
  const texts = messages
    .slice(first, first + BLOCK_MESSAGES)
    .flatMap(({ text }, offset) => (text === null ? [] : [{ offset, text }]));
  apply({ kind: 'build', block, groups: buildBlock(foldedTexts(texts)), messages: BLOCK_MESSAGES });
}

test('nothing indexed yet', holdsForEverySearch);

test('one block indexed', () => {
  indexBlock({ level: 0, index: 0 });
  holdsForEverySearch();
});

test('every whole block indexed', () => {
  for (let at = 1; at <= FAN_OUT; at += 1) indexBlock({ level: 0, index: at });
  holdsForEverySearch();
});

test('half of a merge applied, as a crash would leave it', () => {
  const block = { level: 1, index: 0 };
  apply({ kind: 'begin', block });
  const [first] = mergeBlocks(database, block);
  apply({ kind: 'merge', block, groups: first ?? NO_GROUPS, last: false });
  holdsForEverySearch();
  assert.equal(blocksIn(database, 'ready').length, FAN_OUT + 1);
});

test('the merge applied, its children not cleared away yet, then cleared away', () => {
  const block = { level: 1, index: 0 };
  for (const groups of mergeBlocks(database, block))
    apply({ kind: 'merge', block, groups, last: false });
  apply({ kind: 'merge', block, groups: NO_GROUPS, last: true });
  assert.deepEqual(blocksIn(database, 'ready'), [block, { level: 0, index: FAN_OUT }]);
  holdsForEverySearch();
  for (const child of blocksIn(database, 'merged')) apply({ kind: 'drop', block: child });
  assert.deepEqual(blocksIn(database, 'merged'), []);
  holdsForEverySearch();
});
