// Fills search behind the commit: folded texts, in blocks of consecutive numbers with the trigrams of each.
import { foldCase } from '../../../model/search.ts';
import { byteaArray, int4Array, int8Array, textArray } from '../database/arrays.ts';
import { KEY_COLUMNS } from '../database/keys.ts';
import { MESSAGES_AFTER } from '../database/numbers.ts';
import type { Session } from '../database/session.ts';
import { inTransaction, settled } from '../database/transaction.ts';
import { BLOCK_NUMBERS } from './limits.ts';
import { addTrigrams } from './trigrams.ts';

/** Messages of a step: a removal waits for it. */
const STEP_MESSAGES = 2_048;

const STATE = `SELECT s.searched_seq, coalesce((SELECT first_seq + width - 1 FROM batches ORDER BY first_seq DESC LIMIT 1), 0)
  FROM search_state s FOR UPDATE OF s`;
const NEXT = `SELECT m.seq, m.ts_seconds, m.ts_nanos, m.message_id, m.from_msisdn, m.text
  FROM ${MESSAGES_AFTER} ORDER BY b.first_seq, m.ord LIMIT ${STEP_MESSAGES}`;
const ADD_TEXTS = `INSERT INTO search_texts (block, place, ${KEY_COLUMNS}, from_msisdn, folded)
  SELECT * FROM unnest($1::int8[], $2::int4[], $3::int8[], $4::int4[], $5::bytea[], $6::text[], $7::bytea[])`;
const ADD_BLOCK = `INSERT INTO search_blocks AS b (block, trigrams) VALUES ($1::int8, $2::int4[])
  ON CONFLICT (block) DO UPDATE
  SET trigrams = ARRAY(SELECT DISTINCT unnest(b.trigrams || excluded.trigrams))`;

type Row = readonly [
  seq: number,
  seconds: number,
  nanos: number,
  id: Buffer,
  from: string,
  text: Buffer | null,
];

/**
 * Adds the next texts. A block that is not full yet is left for later, unless `all`: filling it twice costs more. Returns whether there may
 * be more to add at once. Rejects with what the client throws.
 */
export async function fillSearch(session: Session, all: boolean): Promise<boolean> {
  // Each statement sees what was committed before it: a removal that held the lock has to be seen.
  const step = async (): Promise<boolean> => {
    await session.run('SET LOCAL synchronous_commit = off');
    const [state] = await session.rows<[number, number]>(STATE);
    if (state === undefined) return false;
    const [searchedSeq, lastSeq] = state;
    const limit = all ? lastSeq : lastSeq - ((lastSeq + 1) % BLOCK_NUMBERS);
    if (limit <= searchedSeq) return false;
    const rows = await session.rows<Row>(NEXT, [searchedSeq]);
    const isPart = rows.length === STEP_MESSAGES;
    const reached = isPart ? (rows.at(-1)?.[0] ?? lastSeq) : lastSeq;
    const blocksEnd = reached - ((reached + 1) % BLOCK_NUMBERS);
    const end = all && !isPart ? reached : Math.max(blocksEnd, searchedSeq);
    await add(
      session,
      rows.filter(([seq]) => seq <= end),
    );
    await session.run('UPDATE search_state SET searched_seq = $1::int8', [end]);
    return isPart && end > searchedSeq;
  };
  return await inTransaction(session, step, 'READ COMMITTED');
}

async function add(session: Session, rows: readonly Row[]): Promise<void> {
  const texts = rows.flatMap(([seq, seconds, nanos, id, from, text]) =>
    text === null ? [] : [{ seq, seconds, nanos, id, from, folded: foldCase(text.toString()) }],
  );
  if (texts.length === 0) return;
  const blocks = Map.groupBy(texts, ({ seq }) => Math.floor(seq / BLOCK_NUMBERS));
  const added = session.run(ADD_TEXTS, [
    int8Array(texts.map(({ seq }) => Math.floor(seq / BLOCK_NUMBERS))),
    int4Array(texts.map(({ seq }) => seq % BLOCK_NUMBERS)),
    int8Array(texts.map(({ seconds }) => seconds)),
    int4Array(texts.map(({ nanos }) => nanos)),
    byteaArray(texts.map(({ id }) => id)),
    textArray(texts.map(({ from }) => from)),
    byteaArray(texts.map(({ folded }) => Buffer.from(folded))),
  ]);
  const blocksAdded = [...blocks].map(([block, members]) => {
    const trigrams = new Set<number>();
    for (const { folded } of members) addTrigrams(folded, trigrams);
    return session.run(ADD_BLOCK, [block, int4Array([...trigrams])]);
  });
  await settled([added, ...blocksAdded]);
}
