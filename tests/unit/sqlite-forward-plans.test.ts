// What forwarding asks the database again and again is answered by an index, however many rows there are.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { openForReading } from '../../app/storage/sqlite/file/connection.ts';
import { ServiceLock } from '../../app/storage/sqlite/file/service-lock.ts';
import { ENTRIES_AFTER } from '../../app/storage/sqlite/read/forward-entries.ts';
import { FORWARD_STATEMENTS } from '../../app/storage/sqlite/read/forward-rows.ts';
import { SEQS_OF_STATE } from '../../app/storage/sqlite/read/forward-status.ts';
import { ROW_STATEMENTS } from '../../app/storage/sqlite/write/forward-rows.ts';
import { Writer } from '../../app/storage/sqlite/write/writer.ts';
import { databasePath } from './sqlite-forwards.ts';

const STATEMENTS: Readonly<Record<string, string>> = {
  ...FORWARD_STATEMENTS,
  ...ROW_STATEMENTS,
  'entries of items': ENTRIES_AFTER.item,
  'entries of deliveries': ENTRIES_AFTER.raw,
  'numbers of a state': SEQS_OF_STATE,
};

it('no statement of forwarding scans or sorts', (t) => {
  const path = databasePath(t);
  const writer = new Writer(path, ServiceLock.forService(path));
  t.after(() => writer.close());
  const database = openForReading(path);
  t.after(() => database.close());
  for (const [name, sql] of Object.entries(STATEMENTS)) {
    const steps = database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail));
    assert.ok(
      steps.some((step) => step.startsWith('SEARCH')),
      `${name}: ${steps.join('; ')}`,
    );
    for (const step of steps) assert.doesNotMatch(step, /SCAN|TEMP B-TREE/, name);
  }
});
