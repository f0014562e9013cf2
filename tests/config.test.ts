// The settings: what each takes, what it does, and that an unusable one ends the start with one line that names it.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { eventually } from './support/bounded.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { query } from './support/database.ts';
import { bytesOf, message, SECRET, sign } from './support/message.ts';
import { refusal } from './support/refusal.ts';
import { freePort, send } from './support/request.ts';
import { ServiceProcess, startService } from './support/service.ts';
import type { Environment, Options } from './support/service.ts';

describe('WEBHOOK_SECRET_FILE', () => {
  async function withFile(
    t: TestContext,
    content: string | Buffer | undefined,
    more: Environment = {},
  ): Promise<Options> {
    const directory = temporaryDirectory(t);
    const file = join(directory, 'secret');
    if (content !== undefined) writeFileSync(file, content);
    return { directory, env: { WEBHOOK_SECRET: undefined, WEBHOOK_SECRET_FILE: file, ...more } };
  }

  const cases: [string, string, string][] = [
    ['a secret alone', 's3cret', 's3cret'],
    ['a secret and a line end, as editors leave it', 's3cret\n', 's3cret'],
    ['a secret and a line end as on Windows', 's3cret\r\n', 's3cret'],
    ['a secret with spaces inside', 'a b\tc\n', 'a b\tc'],
    ['a secret beyond ASCII', 'gëheim 🔑\n', 'gëheim 🔑'],
  ];
  for (const [name, content, secret] of cases) {
    it(`is read: ${name}`, async (t) => {
      const service = await startService(t, await withFile(t, content));
      const body = bytesOf(message());
      assert.equal((await service.post(body, sign(body, secret))).status, 200);
      assert.equal((await service.post(body, sign(body, SECRET))).status, 401);
      assert.equal((await service.get('/health/ready')).status, 200);
    });
  }

  for (const content of [undefined, '', '\n', '  \n\t\n']) {
    it(`is refused: ${content === undefined ? 'no such file' : JSON.stringify(content)}`, async (t) => {
      await refusal(t, 'WEBHOOK_SECRET_FILE', await withFile(t, content));
    });
  }

  for (const name of ['WEBHOOK_SECRET', 'WEBHOOK_SECRET_PREVIOUS', 'API_TOKEN', 'METRICS_TOKEN']) {
    it(`is refused: bytes that are not UTF-8, in ${name}_FILE and in ${name}`, async (t) => {
      const directory = temporaryDirectory(t);
      const file = join(directory, 'secret');
      writeFileSync(file, Buffer.from([0x61, 0xff, 0x62]));
      const inFile = { [name]: undefined, [`${name}_FILE`]: file };
      assert.match(await refusal(t, `${name}_FILE`, { directory, env: inFile }), /not UTF-8/);
      const shell = `${name}="$(printf 'a\\377b')" exec "$@"`;
      assert.match(await refusal(t, name, { directory, shell }), /not UTF-8/);
    });
  }

  it('is refused: a directory', async (t) => {
    await refusal(t, 'WEBHOOK_SECRET_FILE', {
      env: { WEBHOOK_SECRET: undefined, WEBHOOK_SECRET_FILE: tmpdir() },
    });
  });

  it('is refused beside WEBHOOK_SECRET, as nobody could tell which counts', async (t) => {
    await refusal(t, 'WEBHOOK_SECRET_FILE', await withFile(t, 'a', { WEBHOOK_SECRET: 'b' }));
  });
});

describe('WEBHOOK_SECRET', () => {
  for (const secret of ['x', 'with spaces inside', 'gëheim 🔑', '0', '"quoted"']) {
    it(`is taken as its UTF-8 bytes: ${secret}`, async (t) => {
      const service = await startService(t, { env: { WEBHOOK_SECRET: secret } });
      const body = bytesOf(message());
      assert.equal((await service.post(body, sign(body, Buffer.from(secret, 'utf8')))).status, 200);
    });
  }
});

describe('DATABASE_URL', () => {
  const cases: [string, string | undefined, (directory: string) => string][] = [
    [
      'unset: data/app.db in the working directory, made with its directory',
      undefined,
      (directory) => join(directory, 'data', 'app.db'),
    ],
    [
      'three slashes: relative to the working directory',
      'sqlite:///data/app.db',
      (directory) => join(directory, 'data', 'app.db'),
    ],
    [
      'three slashes: a file beside',
      'sqlite:///other.sqlite',
      (directory) => join(directory, 'other.sqlite'),
    ],
    [
      'four slashes: absolute',
      'sqlite:///DIRECTORY/deep/er/app.db',
      (directory) => join(directory, 'deep', 'er', 'app.db'),
    ],
    [
      'a space in the name',
      'sqlite:///my data/app.db',
      (directory) => join(directory, 'my data', 'app.db'),
    ],
  ];
  for (const [name, url, path] of cases) {
    it(name, async (t) => {
      const directory = temporaryDirectory(t);
      const service = await startService(t, {
        directory,
        env: { DATABASE_URL: url?.replace('DIRECTORY', directory) },
      });
      await service.store(message());
      await service.stop();
      assert.deepEqual(
        query(path(directory), 'SELECT count(*) AS rows FROM messages').map((row) => row['rows']),
        [1],
      );
    });
  }

  it('in a directory that cannot be written: refused, with what fixes it', async (t) => {
    // Made anew and opened to all on the way, as a user without rights has to reach it.
    const directory = mkdtempSync(join(tmpdir(), 'oncebox-test-'));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    chmodSync(directory, 0o755);
    const closed = join(directory, 'closed');
    mkdirSync(closed, { mode: 0o555 });
    const uid = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    for (const file of ['app.db', 'deeper/app.db']) {
      const said = await refusal(t, 'DATABASE_URL', {
        directory,
        env: { DATABASE_URL: `sqlite:///${closed}/${file}` },
        ...uid,
      });
      assert.ok(said.includes(closed), said);
      assert.match(said, /chown|chmod|permission|writable/i);
    }
  });

  it('of another scheme: refused, with the scheme and those that are supported, and nothing else of it', async (t) => {
    const directory = temporaryDirectory(t);
    const said = await refusal(t, 'DATABASE_URL', {
      directory,
      env: { DATABASE_URL: 'oracle://user:a-password@db.example/app' },
    });
    assert.match(said, /sqlite:\/\/\/ .*; oracle: is not supported$/);
    assert.doesNotMatch(said, /a-password|db\.example/);
  });

  it('that names a directory: refused', async (t) => {
    const directory = temporaryDirectory(t);
    await refusal(t, 'DATABASE_URL', {
      directory,
      env: { DATABASE_URL: `sqlite:///${directory}` },
    });
  });

  it('below a file: refused', async (t) => {
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, 'file'), '');
    await refusal(t, 'DATABASE_URL', {
      directory,
      env: { DATABASE_URL: `sqlite:///${directory}/file/app.db` },
    });
  });
});

describe('MAX_BODY_BYTES', () => {
  it('is the number of bytes that a body may have', async (t) => {
    const service = await startService(t, { env: { MAX_BODY_BYTES: '200' } });
    const text = JSON.stringify(message());
    assert.equal((await service.post(text.padEnd(200))).status, 200);
    assert.equal((await service.post(text.padEnd(201))).status, 413);
  });
});

describe('LOG_LEVEL', () => {
  const shown: [string, string[]][] = [
    ['DEBUG', ['INFO', 'WARNING', 'ERROR']],
    ['INFO', ['INFO', 'WARNING', 'ERROR']],
    ['WARNING', ['WARNING', 'ERROR']],
    ['ERROR', ['ERROR']],
  ];
  for (const [level, expected] of shown) {
    it(`${level} shows requests at ${expected.join(', ')}`, async (t) => {
      const port = await freePort();
      const service = new ServiceProcess(t, { env: { LOG_LEVEL: level, PORT: String(port) } });
      const get = (path: string): Promise<unknown> => send(port, { path });
      await eventually('the service', () => get('/health/live').catch(() => undefined));
      await get('/none');
      await send(port, { method: 'POST', path: '/webhook', body: '' });
      await service.stop();
      const levels = new Set(service.output.requests().map((line) => String(line.level)));
      assert.deepEqual([...levels].toSorted(), expected.toSorted());
    });
  }
});

describe('HOST and PORT', () => {
  it('are where the service listens, and what it says', async (t) => {
    const port = await freePort();
    const service = await startService(t, { env: { PORT: String(port), HOST: '127.0.0.1' } });
    assert.equal(service.port, port);
    assert.equal((await service.get('/health/live')).status, 200);
  });

  it('HOST is 0.0.0.0 unless set', async (t) => {
    const service = await startService(t, { env: { HOST: undefined } });
    assert.equal((await service.get('/health/live')).status, 200);
    const line = await service.output.line('the address', (seen) => seen.event === 'listening');
    assert.match(String(line.url), /^http:\/\/(0\.0\.0\.0|127\.0\.0\.1|localhost):\d+/);
  });

  for (const [host, url] of [
    ['[::1]', /^http:\/\/\[::1\]:\d+$/],
    ['::1', /^http:\/\/\[::1\]:\d+$/],
    ['[::]', /^http:\/\/\[::\]:\d+$/],
    ['[0:0:0:0:0:0:0:1]', /^http:\/\/\[::1\]:\d+$/],
    ['[::ffff:127.0.0.1]', /^http:\/\/\[::ffff:127\.0\.0\.1\]:\d+$/],
  ] as const) {
    it(`HOST=${host} is an IPv6 address`, { skip: !hasIpv6() }, async (t) => {
      const service = await startService(t, { env: { HOST: host } });
      const line = await service.output.line('the address', (seen) => seen.event === 'listening');
      assert.match(String(line.url), url);
      if (host.includes('ffff')) return;
      assert.equal((await fetch(`http://[::1]:${service.port}/health/live`)).status, 200);
    });
  }

  for (const host of ['[127.0.0.1]', '[::1', '[]', '[localhost]', '[[::1]]', '[::1]:8000', '[']) {
    it(`HOST=${host} is refused`, async (t) => {
      assert.match(await refusal(t, 'HOST', { env: { HOST: host } }), /IPv6/);
    });
  }
});

/** Whether this machine has the address ::1. */
function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === '::1'),
  );
}
