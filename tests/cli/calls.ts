// Calls of `oncebox` that tests of export and import share.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import type { Draft } from '../support/message.ts';
import { oncebox } from './oncebox.ts';
import type { Result } from './oncebox.ts';

export function file(t: Cleaner, name: string, lines: readonly string[]): string {
  const path = join(temporaryDirectory(t), name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return path;
}

export function ndjson(t: Cleaner, drafts: readonly Draft[]): string {
  return file(
    t,
    'messages.ndjson',
    drafts.map((draft) => JSON.stringify(draft)),
  );
}

/** Ends well, or with the code that is expected. */
export async function call(t: Cleaner, args: readonly string[], code = 0): Promise<Result> {
  const result = await oncebox(t, args);
  assert.equal(result.code, code, result.stderr);
  return result;
}

export async function importInto(
  t: Cleaner,
  into: string,
  from: string,
  code = 0,
): Promise<Record<string, unknown>> {
  return (await call(t, ['import', '-d', into, '--json', from], code)).json();
}

export function database(t: Cleaner): string {
  return join(temporaryDirectory(t), 'app.db');
}

/** Events of `bill` as an export has them, each followed by its delivery. */
export function archivedBills(count: number): string[] {
  const at = '2025-01-15T09:00:00.000Z';
  return Array.from({ length: count }, (_, place) => {
    const payload = `{"id":"${place}","padding":"${'x'.repeat(place % 500)}"}`;
    const event_id = `bill:${place}`;
    const event = { event_id, source: 'bill', type: 'paid', subject: null, ts: at };
    const content = String(place).padStart(32, '0');
    const body = Buffer.from(payload).toString('base64');
    const headers = [['content-type', 'application/json']];
    const post = { delivery: place + 1, source: 'bill', received_at: at, headers, body };
    return [
      JSON.stringify({ ...event, created_at: at, payload, content }),
      JSON.stringify({ ...post, messages: [], events: [event_id] }),
    ];
  }).flat();
}
