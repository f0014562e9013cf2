// A database with messages to remove, and what must hold of it afterwards.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertSound } from '../faults/verify.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { query } from '../support/database.ts';
import { message } from '../support/message.ts';
import type { Stored } from '../support/message.ts';
import { oncebox } from './oncebox.ts';

const COUNT = 12_000;
export const HALF = '2025-01-10T00:00:00Z';

/** Messages of two weeks, with texts that say whose they are. */
export function messages(count = COUNT): Stored[] {
  return Array.from(
    { length: count },
    (_, at) =>
      message({
        message_id: `wamid.${((at * 2_654_435_761) % 4_294_967_296).toString(36)}.${at}`,
        from: `+49${at % 5}`,
        ts: `2025-01-${String(1 + Math.floor((at * 14) / count)).padStart(2, '0')}T10:00:00Z`,
        text: `SENDER${at % 5}TEXT${at}. ${'some words of it '.repeat(at % 20)}`,
      }) as unknown as Stored,
  );
}

export function isOld(stored: Stored): boolean {
  return stored.ts < HALF;
}

/** Makes a database with the messages in it. */
export async function filled(t: Cleaner, stored: readonly Stored[]): Promise<string> {
  const directory = temporaryDirectory(t);
  const input = join(directory, 'in.ndjson');
  writeFileSync(input, stored.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  const { code, stderr } = await oncebox(t, ['import', '-d', join(directory, 'app.db'), input]);
  assert.equal(code, 0, stderr);
  return directory;
}

export async function prune(
  t: Cleaner,
  path: string,
  ...args: string[]
): Promise<Record<string, unknown>> {
  const result = await oncebox(t, ['prune', '-d', path, '--json', ...args]);
  assert.equal(result.code, 0, result.stderr);
  return result.json();
}

/** Whether any byte of the file or its log still spells a text that matches. */
export function bytesHold(path: string, pattern: RegExp): boolean {
  return [path, `${path}-wal`].some(
    (file) => existsSync(file) && pattern.test(readFileSync(file, 'latin1')),
  );
}

/** What the file counts, orders and lists equals a scan, and so says the command. */
export async function assertAgrees(t: Cleaner, path: string): Promise<void> {
  assertSound(path);
  const { code, stdout, stderr } = await oncebox(t, ['check', '-d', path]);
  assert.equal(code, 0, `${stdout} ${stderr}`);
}

export function tombstones(path: string): number {
  const [row] = query(path, 'SELECT count(*) AS count FROM tombstones');
  return Number(row?.['count']);
}
