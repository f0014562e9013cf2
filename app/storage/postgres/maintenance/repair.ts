// Builds everything that is derived from the messages again: the indexes of the server, the counts, the lists, search.
import type { PostgresLocation } from '../../../model/database.ts';
import type { OnProgress } from '../../admin.ts';
import type { Session } from '../database/session.ts';
import { inTransaction } from '../database/transaction.ts';
import { readProgress } from '../index/progress.ts';
import { rebuildLists, rebuildSources } from '../index/rebuild.ts';
import { fillSearch } from '../index/search-filler.ts';
import { assertUnused, withSession } from './connection.ts';

/** What was removed is what the batches have counted, and is there no more. */
const RECOUNT = `UPDATE list_state SET removed =
  coalesce((SELECT total FROM batches ORDER BY first_seq DESC LIMIT 1), 0) - (SELECT count(*) FROM messages)`;
const INDEXED =
  'messages, origins, events, deliveries, batches, source_batches, tombstones, search_texts, search_blocks'.split(
    ', ',
  );
/** One without items is kept: its items can be stored again from it. */
const FORGET = ['origins', 'events'].map(
  (table) =>
    `UPDATE ${table} i SET delivery = NULL WHERE delivery IS NOT NULL AND NOT EXISTS (SELECT FROM deliveries d WHERE d.delivery = i.delivery)`,
);

/** Rejects with AdminError while a service runs, and with Refusal. If it is killed, search is right up to its watermark. */
export async function repair(
  location: PostgresLocation,
  onProgress: OnProgress<'lists' | 'search'>,
): Promise<void> {
  await withSession(location, async (session) => {
    await assertUnused(session);
    for (const table of INDEXED) await session.run(`REINDEX TABLE ${table}`);
    onProgress('lists', 0, null);
    await inTransaction(session, () => discard(session));
    const { lastSeq } = await readProgress(session);
    onProgress('lists', lastSeq, lastSeq);
    while (await fillSearch(session, true))
      onProgress('search', (await readProgress(session)).searchedSeq, lastSeq);
    onProgress('search', lastSeq, lastSeq);
  });
}

/** In one snapshot, with the locks of the filling of lists and search, and of removals. */
async function discard(session: Session): Promise<void> {
  await session.run('SELECT 1 FROM list_state l, search_state s, source_state c FOR UPDATE');
  await session.run(RECOUNT);
  await rebuildLists(session);
  for (const statement of FORGET) await session.run(statement);
  await rebuildSources(session);
  await session.run('DELETE FROM search_texts');
  await session.run('DELETE FROM search_blocks');
  await session.run('UPDATE search_state SET searched_seq = 0');
}
