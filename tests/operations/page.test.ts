// docs/operations.md: a backup is made, tried, restored and migrated by the commands of the page; those in a container are run without one.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { temporaryDirectory } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import { assertShown, settingsIn, type Step, stepsOf } from '../support/page-commands.ts';
import { freePort } from '../support/ports.ts';
import { postgresDatabase, queryOnce } from '../support/postgres.ts';
import { startService } from '../support/service.ts';
import { skip, Terminal } from '../support/terminal.ts';

/** The backup of the page, which any other is named after here. */
const BACKUP = 'app-20260115T020000Z.db';
const DATABASE = 'postgres://oncebox@db/oncebox';

/** The lines of a command as the container runs them; docker itself is left out, and so are comments. */
function inContainer({ command }: Step): string {
  const lines = command
    .split('\n')
    .map((line) => line.replace(/^docker compose (?:exec -T|run --rm) api /, ''))
    .filter((line) => !line.includes('docker compose '));
  return lines.map((line) => line.replace(/^oncebox /, 'npx oncebox ')).join('\n');
}

/** What a command prints, without the figures that differ from one run to the next. */
const withoutFigures = (text: string): string =>
  text.replaceAll(/[\d.,]+(?= (?:messages|[kM]B|s\b))/g, 'N').replaceAll(/ [kM]B/g, ' B');

it('its backup can be tried, restored and migrated', { skip }, async (t) => {
  const [backup, drill, restore, migrate, ...others] = stepsOf('docs/operations.md');
  assert.ok(backup && drill && restore && migrate && others.length === 0);
  const directory = temporaryDirectory(t);
  const port = await freePort();
  const target = await postgresDatabase(t);
  const local = [
    ['/data/', `${directory}/data/`],
    ['localhost:8000', `127.0.0.1:${port}`],
    [DATABASE, target],
  ] as const;
  const options = { directory, env: { PORT: String(port) } };
  let service = await startService(t, options);
  await service.store(message(), message(), message());

  const terminal = new Terminal(t, local, directory);
  const url = service.databaseUrl;
  const made = await terminal.type(`export DATABASE_URL=${url}\n${inContainer(backup)}`);
  const [, path = ''] = /^(\/.+\.db): /m.exec(made) ?? [];
  for (const folder of ['backups', 'data/backups']) {
    mkdirSync(join(directory, folder), { recursive: true });
    copyFileSync(path, join(directory, folder, BACKUP));
  }

  const other = new Terminal(t, local, temporaryDirectory(t));
  const [checks = ''] = drill.command.split('npx oncebox serve');
  const checked = await other.type(`cd ${directory}\n${checks}`);
  assert.ok(drill.shown);
  const shown = { ...drill.shown, text: withoutFigures(drill.shown.text) };
  assertShown(withoutFigures(checked), shown);
  const env = { ...settingsIn(drill.command), PORT: '0' };
  const tried = await startService(t, { directory, env });
  assert.equal((await tried.page()).total, 3);
  await tried.stop();

  await service.stop();
  const restored = inContainer(restore).split('\n');
  const [command = '', ready = ''] = restored;
  await terminal.type(command);
  service = await startService(t, options);
  assert.match(await terminal.type(ready), /"status":"ready"/);
  assert.equal((await service.page()).total, 3);
  await service.stop();

  await terminal.type(inContainer(migrate));
  const rows = await queryOnce(target, 'SELECT message_id FROM messages');
  assert.equal(rows.length, 3);
});
