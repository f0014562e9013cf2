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
