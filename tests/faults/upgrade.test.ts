// Files of every earlier version are brought to today's, also when the upgrade is killed on its way, and nothing in them is lost.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { query } from '../support/database.ts';
import type { Stored } from '../support/message.ts';
import { ServiceProcess, startService } from '../support/service.ts';
import { buildShim, Disk } from './shim.ts';
import { assertConsistent, assertSound, assertStored } from './verify.ts';

const SCHEMAS = fileURLToPath(new URL('schemas', import.meta.url));
const versions = globSync('*.sql', { cwd: SCHEMAS }).length;
const MESSAGES = 1_500;
/** Writes of an upgrade at which it is killed, counted from its start. */
const KILLED_AT = [0, 12];

const built = buildShim({ after });

/** Makes a file of an earlier version with messages in it, and gives them. */
function oldFile(path: string, version: number): Map<string, Stored> {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = wal');
  for (let step = 1; step <= version; step += 1)
    database.exec(readFileSync(join(SCHEMAS, `${step}.sql`), 'utf8'));
  const insert = database.prepare(
    `INSERT INTO messages (message_id, from_msisdn, to_msisdn, ts, text, created_at, seq, ts_seconds, ts_nanos)
     VALUES (?, ?, ?, ?, ?, '2025-01-15T10:00:00.000Z', ?, ?, 0)`,
  );
  const stored = new Map<string, Stored>();
  database.exec('BEGIN');
  for (let seq = 1; seq <= MESSAGES; seq += 1) {
    const seconds = (seq * 7) % 3_600;
    const ts = new Date(Date.UTC(2025, 0, 15, 10) + seconds * 1_000).toISOString();
    const message = {
      message_id: `old-${seq}`,
      from: `+1555${seq % 13}`,
      to: '+14155550100',
      ts: `${ts.slice(0, 19)}Z`,
      text: `old word${seq}end`,
    };
    stored.set(message.message_id, message);
    insert.run(...Object.values(message), seq, Date.parse(ts) / 1_000);
  }
  database.exec(`UPDATE counters SET value = ${MESSAGES} WHERE name IN ('last_seq', 'messages')`);
  database.exec('COMMIT');
  database.close();
  return stored;
}

describe('an upgrade', () => {
  it('is tried from every earlier version', async (t) => {
    const service = await startService(t);
    const [row] = query(service.databasePath, 'PRAGMA user_version');
    assert.equal(versions, Number(row?.['user_version']) - 1);
  });

  for (let version = 1; version <= versions; version += 1) {
    it(`from version ${version} keeps every message, and counts and finds them`, async (t) => {
      const directory = temporaryDirectory(t);
      const stored = oldFile(join(directory, 'app.db'), version);
      const service = await startService(t, { directory });
      await assertConsistent(service, stored);
      await service.stop();
      assertStored(service.databasePath, stored);
      assertSound(service.databasePath);
    });
  }

  for (const skip of KILLED_AT) {
    it(`from version 1 that is killed at write ${skip} goes on at the next start`, async (t) => {
      if ('reason' in built) {
        t.skip(built.reason);
        return;
      }
      const disk = new Disk(t, built.library, temporaryDirectory(t));
      const stored = oldFile(join(disk.directory, 'app.db'), 1);
      disk.fail({ operations: ['write'], error: 'EIO', skip, kill: true });
      const options = { directory: disk.directory, env: disk.env({ trace: false }) };
      const first = new ServiceProcess(t, options);
      await eventually('the kill', () => disk.hits > 0 || undefined);
      assert.equal((await first.exit()).signal, 'SIGKILL');
      disk.heal();
      const second = await startService(t, options);
      await assertConsistent(second, stored);
      await second.stop();
      assertStored(second.databasePath, stored);
      assertSound(second.databasePath);
    });
  }
});
