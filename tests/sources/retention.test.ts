// RETENTION_DAYS: what named sources have sent goes as well when it is too old, and their posts with the last item of each.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { ENGINE } from '../support/engine.ts';
import { message } from '../support/message.ts';
import { type Service, startService } from '../support/service.ts';
import { SOURCES, post, store } from '../support/sources.ts';

const DAY_MS = 86_400_000;
const ago = (days: number): string =>
  `${new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 19)}Z`;

/** What `GET /sources` counts of a source, all zero where nothing is stored. */
async function countsOf(service: Service, name: string): Promise<unknown[]> {
  const { data } = (await service.get('/sources')).json() as {
    data: Record<string, unknown>[];
  };
  const found = data.find(({ source }) => source === name);
  return [found?.['messages'], found?.['events'], found?.['deliveries']];
}

it('RETENTION_DAYS removes old events, messages of named sources, conflicts and posts', async (t) => {
  const directory = temporaryDirectory(t);
  const first = await startService(t, { directory, env: SOURCES });
  const bill = (id: string, days: number) => ({
    id,
    type: 'paid',
    at: ago(days),
    note: `BYGONE-${days}.`,
  });
  const old = message({ ts: ago(40), text: 'BYGONE-40.' });
  const plain = message({ ts: ago(50), text: 'first' });
  await store(first, 'bill', ...Array.from({ length: 90 }, (_, at) => bill(`old-${at}`, 40)));
  await store(first, 'bill', bill('young', 2));
  await store(first, 'shop', old, message({ ts: ago(1) }));
  // Of today, but about a message that is old: it holds what was sent under its id.
  await first.post(plain);
  await first.post({ ...plain, ts: ago(1), text: 'BYGONE-50.' });
  assert.deepEqual(await countsOf(first, 'bill'), [0, 91, 91]);
  assert.deepEqual(await countsOf(first, 'default'), [1, 1, 0]);
  await first.stop();

  const env = { ...SOURCES, RETENTION_DAYS: '30' };
  const service = await startService(t, { directory, env });
  await service.output.line('the line of the run', ({ event }) => event === 'pruned');
  assert.deepEqual(await countsOf(service, 'bill'), [0, 1, 1]);
  assert.deepEqual(await countsOf(service, 'shop'), [1, 0, 1]);
  assert.deepEqual(await countsOf(service, 'default'), [0, 0, 0]);
  const { data } = (await service.get('/events')).json() as { data: Record<string, unknown>[] };
  assert.deepEqual(
    data.map(({ event_id }) => event_id),
    ['bill:young'],
  );
  assert.equal((await post(service, 'bill', bill('old-3', 40))).status, 200);
  assert.equal((await post(service, 'shop', old)).status, 200);
  assert.deepEqual(await countsOf(service, 'bill'), [0, 1, 1]);
  assert.deepEqual(await countsOf(service, 'shop'), [1, 0, 1]);
  if (ENGINE !== 'sqlite') return;
  await eventually('the end of the old bodies', () =>
    ['', '-wal'].some((suffix) =>
      /BYGONE-[45]0/.test(readFileSync(`${service.databasePath}${suffix}`, 'latin1')),
    )
      ? undefined
      : true,
  );
});
