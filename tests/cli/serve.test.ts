// `oncebox serve`: the process becomes that of the service, with the options of Node that the service has everywhere.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { temporaryDirectory } from '../support/cleanup.ts';
import { Output } from '../support/output.ts';
import { start } from './oncebox.ts';

it('oncebox serve runs the service in its own process, and ends as it does', async (t) => {
  const directory = temporaryDirectory(t);
  const env = { DATABASE_URL: `sqlite:///${directory}/app.db`, HOST: '127.0.0.1', PORT: '0' };
  const { child, ended } = start(t, ['serve'], { env });
  await new Output(child).line('its address', ({ event }) => event === 'listening');
  assert.ok(existsSync(join(directory, 'app.db')));
  if (process.platform === 'linux') {
    const [node, ...args] = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').split('\0');
    assert.equal(node, process.execPath);
    assert.deepEqual(
      args.map((arg) => arg.replace(/^\/.*\//, '')),
      ['--max-semi-space-size=16', '--no-allocation-site-pretenuring', 'main.ts', ''],
    );
  }
  child.kill('SIGTERM');
  const { code, signal, stderr } = await ended;
  assert.deepEqual([code, signal, stderr], [0, null, '']);
});

it('oncebox serve ends with 78 where a setting cannot be used', async (t) => {
  const { code, stdout, stderr } = await start(t, ['serve'], { env: { PORT: 'x' } }).ended;
  assert.deepEqual([code, stdout], [78, '']);
  assert.match(stderr, /"event":"startup_failed"/);
});
