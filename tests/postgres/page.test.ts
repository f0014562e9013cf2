// docs/postgres.md: its replicas share what they store, and its migrations go there and back, by the commands of the page.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { temporaryDirectory } from '../support/cleanup.ts';
import { settingsIn, stepsOf } from '../support/page-commands.ts';
import { freePort } from '../support/ports.ts';
import { postgresDatabase, queryOnce } from '../support/postgres.ts';
import { startService } from '../support/service.ts';
import { skip, Terminal } from '../support/terminal.ts';

it(
  'two replicas are one service, and what they stored moves to SQLite and back',
  { skip },
  async (t) => {
    const [start, use, from, to, ...others] = stepsOf('docs/postgres.md');
    assert.ok(start && use && from && to && others.length === 0);
    const ports = { 8001: String(await freePort()), 8002: String(await freePort()) };
    const [first, second] = [await postgresDatabase(t), await postgresDatabase(t)];
    const terminal = new Terminal(t, [
      ['localhost:8001', `127.0.0.1:${ports[8001]}`],
      ['localhost:8002', `127.0.0.1:${ports[8002]}`],
      ['postgres://oncebox:secret@localhost:5432/oncebox', first],
      ['postgres://oncebox:secret@localhost/oncebox', second],
      ['/data/app.db', join(temporaryDirectory(t), 'app.db')],
    ]);
    const [settings = ''] = start.command.split('\n');
    const env = settingsIn(terminal.local(settings));
    const named = [...start.command.matchAll(/^PORT=(8001|8002) npx oncebox serve\b/gm)];
    assert.equal(named.length, 2);
    const replicas = [];
    for (const [, port] of named)
      replicas.push(
        await startService(t, { env: { ...env, PORT: ports[port as '8001' | '8002'] } }),
      );

    assert.match(await terminal.type(use.command), /"message_id":"m1".*"total":1,/);
    for (const replica of replicas) await replica.stop();

    await terminal.type(`export DATABASE_URL=${first}\n${to.command}`);
    await terminal.type(from.command);
    const rows = await queryOnce(
      second,
      "SELECT convert_from(message_id, 'UTF8') AS id FROM messages",
    );
    assert.deepEqual(rows, [{ id: 'm1' }]);
  },
);
