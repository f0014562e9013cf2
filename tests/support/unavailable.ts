// Answers of 503 with the reason that the log and the metrics give for them, and reads that are made to last.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { execute, query } from './database.ts';
import { parseExposition } from './exposition.ts';
import { logged } from './logged.ts';
import type { Answer, Request } from './request.ts';
import type { Service } from './service.ts';

/** How many requests could not be served, by route and reason, as in `/stats locked`; only what is not 0. */
export async function unavailableCounts(service: Service): Promise<Record<string, number>> {
  const families = parseExposition((await service.get('/metrics')).text);
  const samples = families.get('oncebox_unavailable_total')?.samples ?? [];
  return Object.fromEntries(
    samples
      .filter(({ value }) => value > 0)
      .map(({ labels, value }) => [`${labels['path']} ${labels['reason']}`, value]),
  );
}

/** Sends a request that must be answered 503, for this reason, and counted once under it. Returns the answer. */
export async function assertUnavailable(
  service: Service,
  request: Request,
  reason: string,
): Promise<Answer> {
  const route = request.path.replace(/\?.*/, '');
  const name = `${route} ${reason}`;
  const before = (await unavailableCounts(service))[name] ?? 0;
  const { answer, line } = await logged(service, request);
  assert.deepEqual([answer.status, line.reason], [503, reason], JSON.stringify(line));
  assert.equal(line.level, 'ERROR');
  assert.match(answer.headers['retry-after'] ?? '', /^[1-9][0-9]*$/);
  assert.ok(!answer.text.includes('reason'));
  assert.equal((await unavailableCounts(service))[name], before + 1);
  return answer;
}

/** A service that has just started may still be making its index: it is looked for so often, with a pause between. */
const ATTEMPTS = 100;
const PAUSE_MS = 50;

function hasLists(index: string): boolean {
  return (
    existsSync(index) &&
    query(index, "SELECT name FROM sqlite_schema WHERE name = 'lists'").length > 0
  );
}

/** Makes `GET /stats` read on for ever, by a view in the place of a table of the index. Returns what undoes it. */
export function makeStatsEndless(path: string): () => void {
  const index = `${path}-index`;
  for (let attempt = 1; !hasLists(index) && attempt < ATTEMPTS; attempt += 1)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  execute(
    index,
    `ALTER TABLE lists RENAME TO lists_away;
     CREATE VIEW lists AS
       WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT length(fold_case(i)) FROM n)
       SELECT 1 AS list, 2 AS kind, i AS name, i AS messages, 0 AS segmented, NULL AS newest FROM n`,
  );
  return () => execute(index, 'DROP VIEW lists; ALTER TABLE lists_away RENAME TO lists');
}
