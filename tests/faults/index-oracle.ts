// Compares an index file with the database beside it by a scan, as far as the index says that it follows: for files that no service has opened.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

const TABLES =
  "SELECT count(*) AS n FROM i.sqlite_schema WHERE name IN ('state', 'entries', 'lists', 'segments')";
/** What the lists should hold: messages up to the watermark, and removed ones that are not followed. */
const LISTED = `(SELECT m.seq, m.message_id, m.from_msisdn FROM main.messages m, i.state s WHERE m.seq <= s.listed_seq
  UNION ALL SELECT r.seq, r.message_id, r.from_msisdn FROM main.removals r, i.state s
  WHERE r.number > s.removals AND r.seq <= s.listed_seq)`;

/** Figures of the index, each beside what a scan says. */
const PAIRS: readonly (readonly [what: string, kept: string, scanned: string])[] = [
  [
    "the sources' lists",
    'SELECT count(*) || total(seq) FROM i.entries JOIN i.lists l USING (list) WHERE l.kind = 1',
    `SELECT count(*) || total(seq) FROM ${LISTED}`,
  ],
  [
    "the senders' lists",
    `SELECT group_concat(name || '=' || n) FROM (SELECT l.name, count(*) AS n
       FROM i.entries e JOIN i.lists l USING (list) WHERE l.kind = 2 GROUP BY 1 ORDER BY 1)`,
    `SELECT group_concat(from_msisdn || '=' || n) FROM (SELECT from_msisdn, count(*) AS n FROM ${LISTED} GROUP BY 1 ORDER BY 1)`,
  ],
  [
    'the counts of the lists',
    "SELECT group_concat(list || '=' || messages) FROM (SELECT list, messages FROM i.lists WHERE messages > 0 AND kind > 0 ORDER BY 1)",
    `SELECT group_concat(list || '=' || n) FROM (SELECT list, count(*) AS n FROM i.entries GROUP BY 1 ORDER BY 1)`,
  ],
  [
    'the senders',
    'SELECT senders FROM i.state',
    `SELECT count(DISTINCT from_msisdn) FROM ${LISTED}`,
  ],
  [
    'the segments',
    'SELECT coalesce(sum(messages), 0) FROM i.segments',
    'SELECT coalesce(sum(messages), 0) FROM i.lists WHERE segmented = 1',
  ],
  [
    'the texts',
    'SELECT count(*) || total(id) FROM i.texts_docsize',
    `SELECT count(*) || total(seq) FROM (
       SELECT m.seq FROM main.messages m, i.state s WHERE m.seq <= s.searched_seq AND m.text IS NOT NULL
       UNION ALL SELECT r.seq FROM main.removals r, i.state s WHERE r.number > s.removals AND r.seq <= s.searched_seq)`,
  ],
  [
    'the watermarks',
    'SELECT searched_seq <= listed_seq FROM i.state',
    `SELECT s.listed_seq <= c.value FROM i.state s, main.counters c WHERE c.name = 'last_seq'`,
  ],
];

/**
 * How far the index is that is beside an open database with this path; 0 where there is none, or one without tables. Fails where it is
 * damaged, or says what is not so. The index stays attached.
 */
export function assertIndexFits(database: DatabaseSync, path: string): number {
  const index = `${path}-index`;
  if (!existsSync(index)) return 0;
  database.exec(`ATTACH '${index.replaceAll("'", "''")}' AS i`);
  database.exec('PRAGMA i.synchronous = OFF');
  const value = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];
  if (value(TABLES) !== 4) return 0;
  assert.equal(value('PRAGMA i.integrity_check'), 'ok');
  for (const [what, kept, scanned] of PAIRS) assert.equal(value(kept), value(scanned), what);
  return Number(value('SELECT listed_seq FROM i.state'));
}
