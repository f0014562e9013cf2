// docs/reference/logs.md against the list of events in app/observe and the lines of a real run, in both directions.
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { describe, it } from 'node:test';
import { EVENTS } from '../../app/observe/event-lines.ts';
import { codeIn, page, sectionsOf, tableOf } from '../support/markdown.ts';
import { message } from '../support/message.ts';
import { parseLogLine } from '../support/output.ts';
import type { LogLine } from '../support/output.ts';
import { ServiceProcess, startService } from '../support/service.ts';
import type { Service } from '../support/service.ts';
import { SOURCES, post, signedBy } from '../support/sources.ts';
import { openWire } from '../support/wire.ts';

const ROOT = new URL('../../', import.meta.url);
const sections = sectionsOf(page('docs/reference/logs.md'));
const requestKeys = tableOf(sections.get('Requests') ?? '', 'key');
const events = new Map(
  tableOf(sections.get('Events') ?? '', 'event').map((row) => [row['event'] ?? '', row]),
);
/** It is not written by the log: there is none yet. */
const ON_STDERR = 'startup_failed';

const keysOf = (event: string): string[] => codeIn(events.get(event)?.['keys'] ?? '');

/** Fails unless the page has the event of the line, its level, and each of its keys. */
function assertTold(line: LogLine): void {
  const row = events.get(String(line.event));
  assert.ok(row, `not on the page: ${JSON.stringify(line)}`);
  assert.ok(codeIn(row['level'] ?? '').includes(String(line.level)), JSON.stringify(line));
  const keys = ['ts', 'level', 'event', 'msg', ...keysOf(String(line.event))];
  assert.deepEqual(
    Object.keys(line).filter((key) => !keys.includes(key)),
    [],
  );
}

/** Everything that a request line can say, except for a 503. */
async function useAll(service: Service): Promise<void> {
  const sent = message();
  await service.store(sent, sent);
  await service.post({ ...sent, text: 'another' });
  await service.post(sent, 'wrong');
  await service.post('[]');
  await service.get('/messages');
  await post(service, 'shop', sent);
  const path = '/webhook/shop';
  await service.send({
    method: 'POST',
    path,
    headers: signedBy('wa', Buffer.from('{}')),
    body: '{}',
  });
}

describe('the events of the page', () => {
  it('are those that the code can log, with their keys', () => {
    const told = [...events.keys()]
      .filter((event) => event !== ON_STDERR)
      .map((event) => [event, keysOf(event).toSorted()]);
    const listed = Object.entries(EVENTS).map(([event, keys]) => [event, keys.toSorted()]);
    assert.deepEqual(Object.fromEntries(told), Object.fromEntries(listed));
  });

  it('are all logged somewhere: the compiler refuses others, and this finds those that nothing logs', () => {
    const sources = globSync('app/**/*.ts', { cwd: ROOT })
      .filter((path) => !path.endsWith('event-lines.ts'))
      .map((path) => page(path))
      .join('\n');
    const silent = [...events.keys()].filter((event) => !sources.includes(`'${event}'`));
    assert.deepEqual(silent, []);
  });

  it('describe the lines of a run, from start to end', async (t) => {
    const service = await startService(t, { env: { RETENTION_DAYS: '36500' } });
    const wire = await openWire(t, service.port);
    wire.write('nonsense\r\n\r\n');
    await wire.reply();
    await service.stop();
    const lines = service.output.lines().filter((line) => 'event' in line);
    for (const line of lines) assertTold(line);
    const seen = lines.map((line) => line.event);
    for (const event of ['listening', 'reads_open', 'protocol_error', 'stopping', 'stopped'])
      assert.ok(seen.includes(event), `${event} in ${seen.join()}`);
  });

  it('describe the line of a process that cannot start', async (t) => {
    const failed = new ServiceProcess(t, { env: { WEBHOOK_SECRET: '' } });
    await failed.exit();
    const line = parseLogLine(failed.output.stderr.trim());
    assert.equal(line.event, ON_STDERR);
    assertTold(line);
  });
});

it('the keys of a request line are those of the page: some in every line, each in some line', async (t) => {
  const service = await startService(t, { env: SOURCES });
  await useAll(service);
  await service.stop();
  const lines = service.output.requests();
  const told = requestKeys.map((row) => row['key'] ?? '');
  const always = requestKeys
    .filter((row) => row['in'] === 'every line')
    .map((row) => row['key'] ?? '');
  for (const line of lines) {
    const keys = Object.keys(line);
    assert.deepEqual(
      keys.filter((key) => !told.includes(key)),
      [],
    );
    assert.deepEqual(
      always.filter((key) => !keys.includes(key)),
      [],
    );
  }
  const seen = new Set(lines.flatMap((line) => Object.keys(line)));
  assert.deepEqual(
    told.filter((key) => !seen.has(key)),
    [],
  );
});
