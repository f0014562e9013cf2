// What the search index is made of, for any texts and any lists: each piece against its plain definition.
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import * as fc from 'fast-check';
import { migrate } from '../../app/storage/sqlite/file/migrations.ts';
import {
  BLOCK_MESSAGES,
  type Block,
  FAN_OUT,
  groupBitsOf,
  rowId,
  spanOf,
} from '../../app/storage/sqlite/search/blocks.ts';
import { buildBlock } from '../../app/storage/sqlite/search/build.ts';
import { type Groups, NO_GROUPS } from '../../app/storage/sqlite/search/groups.ts';
import { childrenOf, mergeBlocks } from '../../app/storage/sqlite/search/merge.ts';
import {
  ByteWriter,
  listsOf,
  unpack,
  writeList,
} from '../../app/storage/sqlite/search/postings.ts';
import { foldedTexts, readTexts } from '../../app/storage/sqlite/search/texts.ts';
import { BUCKETS, BUCKET_BITS, eachBucket } from '../../app/storage/sqlite/search/trigrams.ts';

/** Each bucket that has messages, with their places in the block, ascending. */
type Lists = Map<number, number[]>;

/** Letters of one, two, three and four bytes, some that fold to other lengths, and what stands between two texts. */
const LETTERS = [...'abcAB éÉñΣσςİKпПहि中😀𐐀\0\u001e\ufffd\uffff'];
const text = fc.oneof(
  fc.array(fc.constantFrom(...LETTERS), { maxLength: 40 }).map((letters) => letters.join('')),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
);
const offset = fc.oneof(fc.nat(BLOCK_MESSAGES - 1), fc.constantFrom(0, 1, 127, 128, 1_023));

/** Texts in the order of their offsets, at most one for each. */
const texts = fc
  .array(fc.record({ offset, text }), { maxLength: 60 })
  .map((drawn) => [...new Map(drawn.map((each) => [each.offset, each])).values()])
  .map((drawn) => drawn.toSorted((a, b) => a.offset - b.offset));

function listsIn(groups: Groups, level: number): Lists {
  const lists: Lists = new Map();
  let start = 0;
  for (const [index, group] of groups.numbers.entries()) {
    const bytes = groups.bytes.subarray(start, groups.ends[index]);
    for (const list of listsOf(bytes)) {
      const places = [...unpack(bytes.subarray(list.start, list.end))];
      assert.equal(places.at(-1), list.last);
      lists.set((group << (BUCKET_BITS - groupBitsOf(level))) | list.low, places);
    }
    start = groups.ends[index] ?? start;
  }
  assert.equal(start, groups.bytes.length);
  return lists;
}

/** The same lists in the order of their buckets, as a search expects them in the file. */
function inOrder(lists: Lists): [number, number[]][] {
  return [...lists].toSorted(([a], [b]) => a - b);
}

it('a block lists each text under every trigram of it, once, in order', () => {
  const property = fc.property(texts, (given) => {
    const expected: Lists = new Map();
    for (const each of given)
      eachBucket(each.text, (bucket) => {
        expected.set(bucket, [...(expected.get(bucket) ?? []), each.offset]);
      });
    const built = listsIn(buildBlock(foldedTexts(given)), 0);
    assert.deepEqual([...built], inOrder(expected));
  });
  fc.assert(property, { numRuns: 200 });
});

it('a full block of long texts', () => {
  const words = Array.from({ length: 4_096 }, (_, at) => String.fromCharCode(0x4e00 + at)).join('');
  const given = Array.from({ length: BLOCK_MESSAGES }, (_, at) => ({ offset: at, text: words }));
  const built = listsIn(buildBlock(foldedTexts(given)), 0);
  const buckets = new Set<number>();
  eachBucket(words, (bucket) => buckets.add(bucket));
  assert.deepEqual(
    new Set(built.keys()),
    buckets,
    'more pairs than were ever noted before, and each in its list',
  );
  const every = given.map((each) => each.offset);
  for (const places of built.values()) assert.deepEqual(places, every);
});

it('texts are read from the file as they were written, whatever is missing between them', (t) => {
  const database = new DatabaseSync(':memory:');
  t.after(() => database.close());
  migrate(database);
  const insert = database.prepare(
    `INSERT INTO messages (message_id, from_msisdn, to_msisdn, ts, text, created_at, seq, ts_seconds, ts_nanos)
     VALUES (?, '', '', '', ?, '', ?, 0, 0)`,
  );
  const cases = fc.record({
    texts,
    index: fc.nat(3),
    // Every message of the block, those without a drawn text with this one; or no others.
    rest: fc.constantFrom('short', '', null, undefined),
  });
  const property = fc.property(cases, ({ texts: drawn, index, rest }) => {
    database.exec('BEGIN; DELETE FROM messages');
    const stored = new Map<number, string | null>(drawn.map((each) => [each.offset, each.text]));
    if (rest !== undefined)
      for (let place = 0; place < BLOCK_MESSAGES; place += 1)
        if (!stored.has(place)) stored.set(place, rest);
    // The neighbours must stay out.
    for (const place of [-1, ...stored.keys(), BLOCK_MESSAGES]) {
      const seq = index * BLOCK_MESSAGES + 1 + place;
      insert.run(`m${seq}`, stored.has(place) ? (stored.get(place) ?? null) : 'neighbour', seq);
    }
    database.exec('COMMIT');
    const given = [...stored]
      .flatMap(([place, each]) => (each === null ? [] : [{ offset: place, text: each }]))
      .toSorted((a, b) => a.offset - b.offset);
    const read = readTexts(database, { level: 0, index });
    assert.equal(read.messages, stored.size);
    assert.deepEqual(textsOf(read.texts), textsOf(foldedTexts(given)));
    assert.deepEqual(
      textsOf(read.texts).map(([place]) => place),
      given.map((each) => each.offset),
    );
  });
  fc.assert(property, { numRuns: 60 });
});

function textsOf({ units, ends, offsets }: ReturnType<typeof foldedTexts>): [number, string][] {
  return offsets.map((place, index) => [
    place,
    Buffer.from(
      units.slice(index === 0 ? 0 : (ends[index - 1] ?? 0) + 1, ends[index]).buffer,
    ).toString('utf16le'),
  ]);
}

function putLists(database: DatabaseSync, block: Block, lists: Lists): void {
  const lowBits = BUCKET_BITS - groupBitsOf(block.level);
  const groups = new Map<number, ByteWriter>();
  for (const [bucket, places] of inOrder(lists)) {
    const out = groups.get(bucket >>> lowBits) ?? new ByteWriter();
    groups.set(bucket >>> lowBits, out);
    const list = new ByteWriter();
    for (const [index, place] of places.entries()) list.number(place - (places[index - 1] ?? 0));
    writeList(out, bucket & (2 ** lowBits - 1), places.at(-1) ?? 0, list.view());
  }
  const put = database.prepare('INSERT INTO search_postings (row_id, postings) VALUES (?, ?)');
  for (const [group, out] of groups) put.run(rowId(block, group), out.take());
}

for (const level of [1, 2, 3]) {
  it(`a block of level ${level} has the lists of its children behind one another`, (t) => {
    const database = new DatabaseSync(':memory:');
    t.after(() => database.close());
    migrate(database);
    const below = spanOf(level - 1);
    // Few buckets, so that children share them; neighbours and the two ends, so that groups have several.
    const bucket = fc.oneof(fc.constantFrom(0, 1, 63, 64, 255, 256, BUCKETS - 1), fc.nat(600));
    const places = fc.uniqueArray(fc.nat(below - 1), { minLength: 1, maxLength: 90 });
    const lists = fc.dictionary(bucket.map(String), places, { maxKeys: 6 });
    const children = fc.array(lists, { minLength: FAN_OUT, maxLength: FAN_OUT });
    const property = fc.property(children, fc.nat(2), (drawn, index) => {
      database.exec('BEGIN; DELETE FROM search_postings');
      const expected: Lists = new Map();
      for (const [child, block] of childrenOf({ level, index }).entries()) {
        const sorted = Object.entries(drawn[child] ?? {}).map(
          ([name, list]) => [Number(name), list.toSorted((a, b) => a - b)] as const,
        );
        putLists(database, block, new Map(sorted));
        for (const [name, list] of sorted)
          expected.set(name, [
            ...(expected.get(name) ?? []),
            ...list.map((place) => child * below + place),
          ]);
      }
      database.exec('COMMIT');
      const merged: Lists = new Map();
      for (const groups of mergeBlocks(database, { level, index }))
        for (const [name, list] of listsIn(groups, level)) {
          assert.ok(!merged.has(name), 'a list that comes twice');
          merged.set(name, list);
        }
      assert.deepEqual([...merged], inOrder(expected));
    });
    fc.assert(property, { numRuns: 40 >> level });
  });
}

it('a group that ends in the middle of a list is an error, not a shorter list', (t) => {
  const database = new DatabaseSync(':memory:');
  t.after(() => database.close());
  migrate(database);
  const block = { level: 0, index: 3 };
  const given = [4, 5].map((place) => ({ offset: place, text: 'one word and another' }));
  const { bytes, numbers, ends } = buildBlock(foldedTexts(given));
  const put = database.prepare('INSERT INTO search_postings (row_id, postings) VALUES (?, ?)');
  let start = 0;
  for (const [index, group] of numbers.entries()) {
    const end = ends[index] ?? 0;
    put.run(rowId(block, group), bytes.slice(start, index === 0 ? end - 1 : end));
    start = end;
  }
  assert.throws(() => [...mergeBlocks(database, { level: 1, index: 0 })], /ends too early/);
});

it('nothing to list', () => {
  assert.deepEqual(buildBlock(foldedTexts([])), NO_GROUPS);
  assert.deepEqual(buildBlock(foldedTexts([{ offset: 0, text: 'ab' }])), NO_GROUPS);
});
