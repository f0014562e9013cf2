// What retention has removed of a load: old messages alone, as many as the file remembers, and none of them comes back.
import assert from 'node:assert/strict';
import { query } from '../support/database.ts';
import type { Stored } from '../support/message.ts';
import type { Service } from '../support/service.ts';
import { isAged, postAgain } from './load.ts';

/** So many of the removed messages are posted again. */
const AGAIN_MAX = 20;

/** Posts messages again that were removed: they are accepted, and not stored. The service must not remove any more. */
export async function assertGoneForGood(
  service: Service,
  acknowledged: ReadonlyMap<string, Stored>,
): Promise<void> {
  const gone = removedOf(service.databasePath, acknowledged);
  for (const sent of gone.slice(0, AGAIN_MAX))
    assert.equal((await postAgain(service, sent)).status, 200);
  assert.equal(removedOf(service.databasePath, acknowledged).length, gone.length);
}

/**
 * The file remembers as many removed ids as acknowledged messages are missing in it; more only by what was sent and not acknowledged.
 * Young ones are not missing. Returns how many were removed.
 */
export function assertRemoved(
  databasePath: string,
  acknowledged: ReadonlyMap<string, Stored>,
  uncertain: ReadonlySet<string>,
): number {
  const gone = removedOf(databasePath, acknowledged);
  assert.deepEqual(
    gone.filter((sent) => !isAged(sent)),
    [],
  );
  const [row] = query(databasePath, 'SELECT count(*) AS count FROM tombstones');
  const remembered = Number(row?.['count']);
  assert.ok(
    remembered >= gone.length && remembered <= gone.length + uncertain.size,
    `${remembered} removed ids are remembered, ${gone.length} messages are missing`,
  );
  return remembered;
}

/** The acknowledged messages that the file does not have, by their stored ids. */
function removedOf(databasePath: string, acknowledged: ReadonlyMap<string, Stored>): Stored[] {
  const rows = query(databasePath, 'SELECT message_id FROM messages NOT INDEXED');
  const there = new Set(rows.map(({ message_id }) => String(message_id)));
  return [...acknowledged].filter(([id]) => !there.has(id)).map(([, sent]) => sent);
}
