// Whether the index file and the log beside it belong together.
import assert from 'node:assert/strict';
import { copyFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import { matchesWal } from '../../app/storage/sqlite/index/wal-consistency.ts';
import { temporaryDirectory } from '../support/cleanup.ts';

interface Stamp {
  readonly file?: string;
  readonly batch: number;
  readonly checkpointed: number;
}

const directory = temporaryDirectory({ after });

/** An open file with that row of `state`, all of it checkpointed. */
function indexWith(name: string, { file = 'one', batch, checkpointed }: Stamp): DatabaseSync {
  const database = new DatabaseSync(join(directory, name));
  after(() => database.close());
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
    CREATE TABLE state (file TEXT, batch INTEGER, checkpointed INTEGER)`);
  database.prepare('INSERT INTO state VALUES (?, ?, ?)').run(file, batch, checkpointed);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  return database;
}

const OLDER: Stamp = { batch: 3, checkpointed: 2 };
const FILE: Stamp = { batch: 4, checkpointed: 3 };
const LOGGED: Stamp = { batch: 6, checkpointed: 4 };

const original = indexWith('original', FILE);
original
  .prepare('UPDATE state SET batch = ?, checkpointed = ?')
  .run(LOGGED.batch, LOGGED.checkpointed);

/** Whether the log of the original matches that file. */
function matches(name: string, change: (path: string) => void = () => undefined): boolean {
  const path = join(directory, `${name} and the log`);
  copyFileSync(join(directory, name), path);
  change(path);
  copyFileSync(join(directory, 'original-wal'), `${path}-wal`);
  const database = new DatabaseSync(path);
  try {
    return matchesWal(database, 'main', path);
  } finally {
    database.close();
  }
}

describe('a log and an index file', () => {
  it('belong together where the file is what the log was begun on', () => {
    assert.equal(matchesWal(original, 'main', join(directory, 'original')), true);
    assert.equal(matches('original'), true);
  });

  const OTHERS: Readonly<Record<string, Stamp>> = {
    'an older file': OLDER,
    'a file that is further than the log': { batch: 7, checkpointed: 6 },
    'a file made anew': { ...FILE, file: 'another' },
  };
  for (const [name, stamp] of Object.entries(OTHERS))
    it(`do not with ${name}`, () => {
      indexWith(name, stamp);
      assert.equal(matches(name), false);
    });

  it('do not with a file that was cut by some bytes', () => {
    const cut = (path: string): void => truncateSync(path, 4_096 + 100);
    assert.equal(matches('original', cut), false);
  });
});
