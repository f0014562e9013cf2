// A database as an earlier version left it: messages, and what it had derived from them.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import type { Stored } from '../support/message.ts';

const SCHEMAS = fileURLToPath(new URL('schemas', import.meta.url));
/** How many steps the schema has: the last one is today's. */
export const VERSIONS = globSync('*.sql', { cwd: SCHEMAS }).length;

/** SQL that fills what a version derives, from that version on. */
const DERIVED: readonly (readonly [since: number, sql: string])[] = [
  [2, 'INSERT INTO by_time SELECT ts_seconds, ts_nanos, message_id, seq FROM messages'],
  [
    2,
    'INSERT INTO senders (from_msisdn, messages) SELECT from_msisdn, count(*) FROM messages GROUP BY 1',
  ],
  [
    2,
    `INSERT INTO by_sender SELECT s.sender_id, ts_seconds, ts_nanos, message_id, seq
     FROM messages JOIN senders s USING (from_msisdn)`,
  ],
  [2, 'UPDATE segments SET messages = (SELECT count(*) FROM messages)'],
  [2, "UPDATE counters SET value = (SELECT max(seq) FROM messages) WHERE name = 'ordered_seq'"],
  [
    3,
    `INSERT INTO search_blocks (block_id, level, position, first_seq, state)
     SELECT seq / 100, 0, seq / 100, seq, 1 FROM messages WHERE seq % 100 = 0`,
  ],
  [
    3,
    `INSERT INTO search_postings SELECT seq / 100, CAST(group_concat(text) AS BLOB) || randomblob(100000)
     FROM messages WHERE seq < 4000 GROUP BY 1`,
  ],
  [3, "UPDATE counters SET value = (SELECT max(seq) FROM messages) WHERE name = 'searched_seq'"],
  [4, `INSERT INTO sender_segments SELECT sender_id, -99999999999, 0, '', messages FROM senders`],
  [4, 'UPDATE senders SET segmented = 1'],
  [
    6,
    "UPDATE sender_progress SET filled_seq = 10, round_seq = 900, reached_from = '+15553', reached_seq = 77",
  ],
];

/** Makes a file of a version before today's with messages in it; `idOf` names them. Returns the messages by their ids. */
export function oldFile(
  path: string,
  version: number,
  messages: number,
  idOf: (seq: number) => string = (seq) => `old-${seq}`,
): Map<string, Stored> {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = wal');
  // As the program has set it since messages can be removed.
  if (version >= 5) database.exec('PRAGMA secure_delete = FAST');
  // Step 8 writes to the schema itself, as the program does.
  database.enableDefensive(false);
  for (let step = 1; step <= version; step += 1)
    database.exec(readFileSync(join(SCHEMAS, `${step}.sql`), 'utf8'));
  database.enableDefensive(true);
  const insert = database.prepare(
    `INSERT INTO messages (message_id, from_msisdn, to_msisdn, ts, text, created_at, seq, ts_seconds, ts_nanos)
     VALUES (?, ?, ?, ?, ?, '2025-01-15T10:00:00.000Z', ?, ?, 0)`,
  );
  const stored = new Map<string, Stored>();
  database.exec('BEGIN');
  for (let seq = 1; seq <= messages; seq += 1) {
    const seconds = (seq * 7) % 3_600;
    const ts = new Date(Date.UTC(2025, 0, 15, 10) + seconds * 1_000).toISOString();
    const message = {
      message_id: idOf(seq),
      from: `+1555${seq % 13}`,
      to: '+14155550100',
      ts: `${ts.slice(0, 19)}Z`,
      text: `old word${seq}end`,
    };
    stored.set(message.message_id, message);
    insert.run(...Object.values(message), seq, Date.parse(ts) / 1_000);
  }
  database.exec(`UPDATE counters SET value = ${messages} WHERE name IN ('last_seq', 'messages')`);
  for (const [since, sql] of DERIVED) if (version >= since) database.exec(sql);
  database.exec('COMMIT');
  database.close();
  return stored;
}
