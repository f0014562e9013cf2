// `oncebox forward` against a running service, with a real application behind it.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { oncebox, type Result } from './oncebox.ts';
import { destinations, startApplication } from '../support/application.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { type Shown, isIdle, shown, steer, TOKEN } from '../support/forwards.ts';
import { message } from '../support/message.ts';
import { freePort } from '../support/request.ts';
import { startService } from '../support/service.ts';

const application = await startApplication({ after });
const urls = { app: `http://who:the-password@127.0.0.1:${application.port}/?key=the-key` };
const service = await startService(
  { after },
  { env: { ...destinations(urls), API_TOKEN: TOKEN, BASE_PATH: '/inbox' } },
);
const url = `http://127.0.0.1:${service.port}/inbox`;
const DEAD = Array.from({ length: 120 }, (_, index) => `m${String(index).padStart(3, '0')}`);

before(async () => {
  // What is taken in between keeps the destination from being slowed.
  application.answer = (body) => (body.includes('refused') ? 422 : 200);
  for (const [index, id] of DEAD.entries()) {
    await service.store(message({ message_id: id, text: 'refused' }));
    if (index % 3 === 2) await service.store(message({ text: 'taken' }));
  }
  // What it says of its last error is up to a second later than the rest.
  const isDone = (one: Shown): boolean =>
    isIdle(one) && one.dead === DEAD.length && one.last_error !== null;
  await shown(service, 'app', isDone);
});

function forward(t: Cleaner, args: readonly string[], token: string | undefined = TOKEN) {
  return oncebox(t, ['forward', ...args, '--url', url], { env: { API_TOKEN: token } });
}

function assertFailed({ code, stdout, stderr }: Result, said: RegExp): void {
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, said);
}

describe('oncebox forward status', () => {
  it('shows a table, without the password', async (t) => {
    const { code, stdout } = await forward(t, ['status']);
    assert.equal(code, 0);
    assert.match(stdout, /^destination +state +behind +oldest +dead +delivered +per second$/m);
    assert.match(stdout, /^app +running +0 +- +120 +40 +\d+\.\d$/m);
    assert.match(stdout, /^app: last error at \S+: .*422/m);
    assert.doesNotMatch(stdout, /the-password|the-key/);
  });

  it('writes what the API says with --json', async (t) => {
    const { data } = (await forward(t, ['status', '--json'])).json() as {
      data: { name: string; dead: number }[];
    };
    assert.deepEqual(
      data.map(({ name, dead }) => [name, dead]),
      [['app', 120]],
    );
  });

  it('reads the token from a file, too', async (t) => {
    const file = join(temporaryDirectory(t), 'token');
    writeFileSync(file, `${TOKEN}\n`);
    const args = ['forward', 'status', '--url', `${url}/`];
    const { code } = await oncebox(t, args, { env: { API_TOKEN_FILE: file } });
    assert.equal(code, 0);
  });
});

describe('oncebox forward dead', () => {
  it('lists as many as are asked for, and says how to go on', async (t) => {
    const { code, stdout, stderr } = await forward(t, ['dead', 'app', '--limit', '110']);
    assert.equal(code, 0);
    const ids = stdout.split('\n').flatMap((line) => /\bm\d{3}\b/.exec(line)?.[0] ?? []);
    assert.deepEqual(ids, DEAD.slice(0, 110));
    assert.match(stderr, /^there are more: --after 146$/m);
    const rest = await forward(t, ['dead', 'app', '--after', '146', '--json']);
    const { data, next_cursor } = rest.json() as { data: { id: string }[]; next_cursor: null };
    assert.deepEqual([data.map(({ id }) => id), next_cursor], [DEAD.slice(110), null]);
  });
});

describe('oncebox forward, where it fails', () => {
  it('says what is wrong with the token', async (t) => {
    assertFailed(await forward(t, ['status'], ''), /set API_TOKEN to that of the service/);
    assertFailed(await forward(t, ['status'], 'wrong'), /is API_TOKEN that of the service\?/);
  });

  it('says that a service without a token is not steered', async (t) => {
    const open = await startService(t, { env: destinations(urls) });
    const args = ['forward', 'retry', 'app', '--all', '--url', `http://127.0.0.1:${open.port}`];
    assertFailed(await oncebox(t, args), /refuses to be steered: set API_TOKEN/);
  });

  it('says that there is no such destination, and no service', async (t) => {
    assertFailed(await forward(t, ['dead', 'none']), /there is no http:\S+\/forwards\/none\/dead/);
    assertFailed(await forward(t, ['replay', 'none', '--from', '1']), /there is no http/);
    const args = ['forward', 'status', '--url', `http://127.0.0.1:${await freePort()}`];
    assertFailed(await oncebox(t, args), /cannot be reached: ECONNREFUSED/);
  });

  it('says that something else answers there', async (t) => {
    const other = await startApplication(t);
    const args = ['forward', 'status', '--url', `http://127.0.0.1:${other.port}`];
    assertFailed(await oncebox(t, args), /is not the API of Oncebox/);
  });

  for (const args of [
    ['retry', 'app'],
    ['discard', 'app', 'm000', '--all'],
    ['replay', 'app'],
    ['replay', 'app', '--from', '0'],
    ['replay', 'app', '--from', '2025-01-15'],
    ['dead', 'app', '--limit', '0'],
    ['nonsense'],
  ])
    it(`is used wrongly with ${args.join(' ')}`, async (t) => {
      const { code, stdout } = await forward(t, args);
      assert.deepEqual([code, stdout], [2, '']);
    });
});

// From here on, dead letters are steered: the order of these tests matters.
describe('oncebox forward, steering', () => {
  it('discards by ids; an id that is no dead letter makes it partly', async (t) => {
    const done = await forward(t, ['discard', 'app', 'm000', 'm001']);
    assert.deepEqual([done.code, done.stdout], [0, '2 dead letters forgotten\n']);
    const partly = await forward(t, ['discard', 'app', 'm001', 'm002', '--json']);
    assert.deepEqual([partly.code, partly.json()], [4, { discarded: 1 }]);
    assert.match(partly.stderr, /^1 of the ids are no dead letters of app$/m);
  });

  it('retries all, and they arrive', async (t) => {
    application.answer = () => 200;
    const { code, stdout } = await forward(t, ['retry', 'app', '--all']);
    assert.deepEqual([code, stdout], [0, '117 dead letters attempted again\n']);
    await shown(service, 'app', (one) => isIdle(one) && one.dead === 0);
    assert.deepEqual(application.taken.slice(-117), DEAD.slice(3));
  });

  it('replays what is selected', async (t) => {
    const start = application.taken.length;
    const args = ['replay', 'app', '--from', '1', '--to', '3', '--source', 'default', '--json'];
    assert.deepEqual((await forward(t, args)).json(), { replayed: 3 });
    await shown(service, 'app', isIdle);
    assert.deepEqual(application.taken.slice(start), DEAD.slice(0, 3));
    const all = await forward(t, ['replay', 'app', '--from', '2020-01-01T00:00:00Z']);
    assert.deepEqual([all.code, all.stdout], [0, '160 items are sent again\n']);
    await shown(service, 'app', isIdle);
    assert.equal(application.taken.length, start + 3 + 160);
  });
});

describe('a replay of more than one request takes', () => {
  it('is answered in part, and goes on until it is done', async (t) => {
    const count = 50_010;
    const lines = Array.from({ length: count }, () => JSON.stringify(message()));
    const directory = temporaryDirectory(t);
    const database = join(directory, 'app.db');
    const imported = await oncebox(t, ['import', '-', '--format', 'ndjson', '-d', database], {
      stdin: `${lines.join('\n')}\n`,
    });
    assert.equal(imported.code, 0, imported.stderr);
    // None of them is wanted: reading alone is bounded.
    const settings = destinations(urls, { app: { TYPES: 'event.*', START: 'now' } });
    const DATABASE_URL = `sqlite:///${database}`;
    const env = { ...settings, API_TOKEN: TOKEN, DATABASE_URL };
    const large = await startService(t, { directory, env });
    await shown(large, 'app', isIdle);
    const part = await steer(large, '/forwards/app/replay', { from: 1 });
    assert.deepEqual(part.json(), { replayed: 0, next: 50_001 });
    const rest = await steer(large, '/forwards/app/replay', { from: 50_001 });
    assert.deepEqual(rest.json(), { replayed: 0, next: null });
    const args = ['forward', 'replay', 'app', '--from', '1', '--json', '--url'];
    const whole = await oncebox(t, [...args, `http://127.0.0.1:${large.port}`], {
      env: { API_TOKEN: TOKEN },
    });
    assert.deepEqual(whole.json(), { replayed: 0 });
  });
});
