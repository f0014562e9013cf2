// RETENTION_DAYS: the service removes what is too old, and still knows it when it comes again.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { eventually, during } from './support/bounded.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { ENGINE } from './support/engine.ts';
import { parseExposition, valueOf } from './support/exposition.ts';
import { message } from './support/message.ts';
import type { LogLine } from './support/output.ts';
import { startService } from './support/service.ts';

const DAY_MS = 86_400_000;
const ago = (days: number): string =>
  `${new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 19)}Z`;

describe('RETENTION_DAYS', () => {
  it('removes older messages after a start, reports it, and answers a late retry as a duplicate', async (t) => {
    const directory = temporaryDirectory(t);
    const first = await startService(t, { directory });
    const old = Array.from({ length: 300 }, (_, at) =>
      message({ ts: ago(31 + at), text: `BYGONE${at}.` }),
    );
    const young = Array.from({ length: 20 }, (_, at) => message({ ts: ago(at), from: '+1' }));
    for (const drafts of [old, young]) await Promise.all(drafts.map((draft) => first.store(draft)));
    await first.stop();

    const service = await startService(t, { directory, env: { RETENTION_DAYS: '30' } });
    const line = await service.output.line(
      'the line of the run',
      ({ event }) => event === 'pruned',
    );
    assert.deepEqual([line['messages'], line.level], [300, 'INFO']);
    assert.equal((await service.page('?limit=1')).total, 20);
    assert.equal((await service.page('?q=bygone')).total, 0);
    const stats = (await service.get('/stats')).json() as Record<string, unknown>;
    assert.deepEqual([stats['total_messages'], stats['senders_count']], [20, 1]);
    const metrics = parseExposition((await service.get('/metrics')).text);
    assert.equal(valueOf(metrics, 'oncebox_pruned_messages_total'), 300);
    await service.store(...old.slice(0, 3));
    assert.equal((await service.page('?limit=1')).total, 20);
    const isDuplicate = (seen: LogLine): boolean => seen['result'] === 'duplicate';
    assert.equal((await service.output.atLeast(3, 'their lines', isDuplicate)).length, 3);
    if (ENGINE !== 'sqlite') return;
    // The log is emptied once nobody writes any more; what was removed is in no byte then.
    await eventually('the end of the old texts', () =>
      ['', '-wal'].some((suffix) =>
        readFileSync(`${service.databasePath}${suffix}`, 'latin1').includes('BYGONE'),
      )
        ? undefined
        : true,
    );
  });

  it('posts that go on meanwhile are all accepted', async (t) => {
    const directory = temporaryDirectory(t);
    const first = await startService(t, { directory });
    const old = Array.from({ length: 2_000 }, () => message({ ts: ago(500) }));
    for (let at = 0; at < old.length; at += 200)
      await Promise.all(old.slice(at, at + 200).map((draft) => first.store(draft)));
    await first.stop();
    const service = await startService(t, { directory, env: { RETENTION_DAYS: '1' } });
    let posted = 0;
    const run = service.output.line('the line of the run', ({ event }) => event === 'pruned');
    await during(run, async () => {
      await service.store(message({ ts: ago(0) }));
      posted += 1;
    });
    assert.equal((await service.page('?limit=1')).total, posted);
  });

  it('unset, everything is kept', async (t) => {
    const service = await startService(t);
    await service.store(message({ ts: '0001-01-01T00:00:00Z' }));
    await service.stop();
    const again = await startService(t, { directory: service.directory });
    assert.equal((await again.page()).total, 1);
    assert.equal(
      again.output.lines().some(({ event }) => event === 'pruned'),
      false,
    );
  });
});
