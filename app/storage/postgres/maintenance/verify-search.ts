// Compares search with the texts: each is folded again, and its trigrams are looked up. The caller holds a snapshot.
import { foldCase } from '../../../model/search.ts';
import { MESSAGES_AFTER } from '../database/numbers.ts';
import type { Session } from '../database/session.ts';
import { BLOCK_NUMBERS } from '../index/limits.ts';
import { addTrigrams } from '../index/trigrams.ts';
import { difference } from './difference.ts';

/** Messages that are compared in one statement. */
const CHUNK_MESSAGES = 2_048;
/** How many of the messages that search does not find are named. */
const NAMED_MAX = 5;

/** The next messages, and what search has of each: its folded text where the rest of the row is right. */
const NEXT = `SELECT m.seq, m.message_id, m.text, t.folded FROM ${MESSAGES_AFTER}
  LEFT JOIN search_texts t ON t.block = m.seq / ${BLOCK_NUMBERS} AND t.place = m.seq % ${BLOCK_NUMBERS}
    AND t.message_id = m.message_id AND t.from_msisdn = m.from_msisdn
    AND t.ts_seconds = m.ts_seconds AND t.ts_nanos = m.ts_nanos
  WHERE m.seq <= $2::int8 ORDER BY b.first_seq, m.ord LIMIT ${CHUNK_MESSAGES}`;
const BLOCKS =
  'SELECT block, trigrams FROM search_blocks WHERE block >= $1::int8 AND block <= $2::int8';

type Row = readonly [seq: number, id: Buffer, text: Buffer | null, folded: Buffer | null];

/** Returns a sentence for each thing that is wrong. Rejects with what the client throws. */
export async function verifySearch(
  session: Session,
  searchedSeq: number,
  onProgress: (seq: number) => void,
): Promise<string[]> {
  const wrong: string[] = [];
  let texts = 0;
  for (let after = 0; ;) {
    const rows = await session.rows<Row>(NEXT, [after, searchedSeq]);
    const last = rows.at(-1)?.[0];
    if (last === undefined) break;
    const blocks = await trigramsOf(session, blockOf(rows[0]?.[0] ?? 0), blockOf(last));
    for (const row of rows) if (!isFound(row, blocks)) wrong.push(row[1].toString());
    texts += rows.filter(([, , text]) => text !== null).length;
    after = last;
    onProgress(after);
  }
  const [kept] = await session.rows<[number]>('SELECT count(*) FROM search_texts');
  const problems = difference('texts that search holds', kept?.[0] ?? 0, texts);
  if (wrong.length > 0) {
    const names = wrong.slice(0, NAMED_MAX).join(', ');
    problems.push(`${wrong.length} messages are not found by a search for their texts: ${names}`);
  }
  return problems;
}

async function trigramsOf(
  session: Session,
  first: number,
  last: number,
): Promise<Map<number, ReadonlySet<number>>> {
  const rows = await session.rows<[number, number[]]>(BLOCKS, [first, last]);
  return new Map(rows.map(([block, trigrams]) => [block, new Set(trigrams)]));
}

function isFound(
  [seq, , text, folded]: Row,
  blocks: ReadonlyMap<number, ReadonlySet<number>>,
): boolean {
  if (text === null || folded === null) return text === folded;
  const expected = foldCase(text.toString());
  if (folded.toString() !== expected) return false;
  const trigrams = new Set<number>();
  addTrigrams(expected, trigrams);
  return [...trigrams].every((trigram) => blocks.get(blockOf(seq))?.has(trigram) === true);
}

function blockOf(seq: number): number {
  return Math.floor(seq / BLOCK_NUMBERS);
}
