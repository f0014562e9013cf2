// A check of an index that the service exchanges meanwhile: what is wrong with the file that is gone is no finding.
import assert from 'node:assert/strict';
import { copyFileSync, renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import type { CheckName } from '../../app/storage/admin.ts';
import { indexPath } from '../../app/storage/sqlite/index/schema.ts';
import { checkFile } from '../../app/storage/sqlite/maintenance/check.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { Life } from './index-life.ts';

const MESSAGE = { from: '+1', to: '+2', ts: '2026-01-15T10:00:00Z', text: 'x' };

/** A database whose index counts one message too many, and the right index beside it. */
function wrongIndex(t: Cleaner): { path: string; right: string } {
  const life = new Life(t);
  life.append(['m1', 'm2'].map((message_id) => ({ ...MESSAGE, message_id })));
  life.index();
  life.close();
  const index = indexPath(life.path);
  const right = `${index}-right`;
  copyFileSync(index, right);
  const database = new DatabaseSync(index);
  database.exec('UPDATE lists SET messages = messages + 1');
  database.close();
  return { path: life.path, right };
}

it('the index that has come is checked', (t) => {
  const { path, right } = wrongIndex(t);
  let checks = 0;
  const exchange = (name: CheckName): void => {
    if (name !== 'index') return;
    checks += 1;
    if (checks === 1) renameSync(right, indexPath(path));
  };
  const { findings, sound } = checkFile(path, 'quick', exchange);
  assert.deepEqual(
    findings.flatMap(({ problems }) => problems),
    [],
  );
  assert.ok(sound);
  assert.equal(checks, 2);
});

it('an index that stays wrong is a finding, and is checked once', (t) => {
  const { path } = wrongIndex(t);
  let checks = 0;
  const { sound } = checkFile(path, 'quick', (name) => {
    if (name === 'index') checks += 1;
  });
  assert.equal(sound, false);
  assert.equal(checks, 1);
});
