// What others on the machine may see: the files of the database are for their owner alone, and no secret shows from outside.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './support/cleanup.ts';
import { bytesOf, message, sign } from './support/message.ts';
import { ServiceProcess, startService } from './support/service.ts';
import type { Service } from './support/service.ts';
import { exchange, webhookBytes } from './support/wire.ts';

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const FILES = ['', '-wal', '-shm'];

describe('the files of the database', { skip: process.platform === 'win32' }, () => {
  for (const umask of ['000', '022', '077']) {
    it(`are made for their owner alone under umask ${umask}, and so are new directories`, async (t) => {
      const directory = temporaryDirectory(t);
      const service = await startService(t, {
        directory,
        env: { DATABASE_URL: `sqlite:///${directory}/made/data/app.db` },
        shell: `umask ${umask}; exec "$@"`,
      });
      await service.store(message());
      const path = join(directory, 'made', 'data', 'app.db');
      for (const ending of FILES) assert.equal(modeOf(path + ending), '600', path + ending);
      for (const made of ['made', 'made/data']) assert.equal(modeOf(join(directory, made)), '700');
      assert.ok(service.output.lines().every(({ event }) => event !== 'file_open_to_others'));
    });
  }

  it('that were there keep their permissions, and the start warns where others may read them', async (t) => {
    const first = await startService(t);
    await first.store(message());
    await first.stop();
    for (const mode of ['644', '660']) {
      chmodSync(first.databasePath, Number.parseInt(mode, 8));
      const next = await startService(t, { directory: first.directory });
      const line = next.output.lines().find(({ event }) => event === 'file_open_to_others');
      assert.deepEqual([line?.level, line?.mode], ['WARNING', mode]);
      await next.store(message());
      assert.equal(modeOf(next.databasePath), mode);
      await next.stop();
    }
  });
});

/** One secret of each kind, none of which may be seen again. */
const SECRETS = {
  WEBHOOK_SECRET: 'hidden-current',
  WEBHOOK_SECRET_PREVIOUS: 'hidden-previous',
  API_TOKEN: 'hidden-api-token',
  METRICS_TOKEN: 'hidden-metrics-token',
  SOURCE_WHATSAPP_SECRET: 'hidden-app-secret',
  SOURCE_WHATSAPP_SECRET_PREVIOUS: 'hidden-previous-app-secret',
  SOURCE_WHATSAPP_VERIFY_TOKEN: 'hidden-verify-token',
};
const SOURCES = 'whatsapp:meta';

/** Gives every kind of answer, to a caller with tokens and to one without. */
async function ask(t: TestContext, service: Service): Promise<string> {
  const { API_TOKEN, METRICS_TOKEN, WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS } = SECRETS;
  const said: string[] = [];
  for (const token of [API_TOKEN, METRICS_TOKEN, 'wrong', undefined]) {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    for (const path of ['/messages', '/messages?limit=x', '/stats', '/metrics', '/none', '/docs'])
      said.push(JSON.stringify(await service.send({ path, headers })));
  }
  for (const body of [bytesOf(message()), bytesOf('{}')]) {
    for (const secret of [WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS, 'wrong']) {
      const answer = await exchange(t, service.port, webhookBytes(body, [sign(body, secret)]));
      said.push(JSON.stringify(answer?.headers), String(answer?.body));
    }
  }
  return said.join('\n');
}

/** Has a named source verify, refuse and greet. Returns what it said, and the signatures that were sent. */
async function askSource(service: Service): Promise<{ said: string; signatures: string[] }> {
  const { API_TOKEN, SOURCE_WHATSAPP_VERIFY_TOKEN: token, ...secrets } = SECRETS;
  const path = '/webhook/whatsapp';
  const said: string[] = [];
  const signatures: string[] = [];
  for (const body of ['{}', 'nonsense'])
    for (const secret of [...Object.values(secrets), 'wrong'])
      for (const prefix of ['sha256=', '']) {
        const signature = sign(body, secret);
        signatures.push(signature);
        const headers = { 'X-Hub-Signature-256': prefix + signature };
        said.push(JSON.stringify(await service.send({ method: 'POST', path, headers, body })));
      }
  for (const given of [token, `${token}x`, 'wrong']) {
    const query = `?hub.mode=subscribe&hub.challenge=1&hub.verify_token=${given}`;
    for (const method of ['GET', 'HEAD'])
      said.push(JSON.stringify(await service.send({ method, path: path + query })));
  }
  const headers = { Authorization: `Bearer ${API_TOKEN}` };
  for (const page of ['/sources', '/events', '/openapi.json'])
    said.push(JSON.stringify(await service.send({ path: page, headers })));
  return { said: said.join('\n'), signatures };
}

describe('secrets', () => {
  it('show in no answer, metric, log line, command line or list of processes', async (t) => {
    const service = await startService(t, { env: { ...SECRETS, SOURCES, LOG_LEVEL: 'DEBUG' } });
    const { said, signatures } = await askSource(service);
    const seen = [await ask(t, service), said];
    if (process.platform === 'linux')
      seen.push(readFileSync(`/proc/${service.pid}/cmdline`, 'latin1'));
    const ps = spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(service.pid)]);
    if (!ps.error) {
      assert.match(ps.stdout.toString(), /main\.ts/);
      seen.push(ps.stdout.toString());
    }
    await service.stop();
    seen.push(service.output.stdout, service.output.stderr);
    assert.doesNotMatch(seen.join('\n'), /hidden-/);
    assert.match(service.output.stdout, /"source":"whatsapp"/);
    for (const signature of signatures) assert.ok(!service.output.stdout.includes(signature));
  });

  it('show in no line of a start that is refused', async (t) => {
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, 'token'), 'hidden in a file');
    for (const [name, value] of [
      ['PORT', 'none'],
      ['API_TOKEN_FILE', join(directory, 'token')],
      ['WEBHOOK_SECRET_FILE', join(directory, 'token')],
      ['METRICS_TOKEN', 'hidden and not ASCII: é'],
      ['SOURCE_WHATSAPP_SECRET_FILE', join(directory, 'token')],
      ['SOURCE_WHATSAPP_MAX_BODY_BYTES', 'none'],
      ['SOURCE_WHATSAPP_SECERT', 'hidden'],
      ['SOURCES', 'another:meta'],
    ] as const) {
      const said = await refused(t, { ...SECRETS, SOURCES, [name]: value });
      assert.doesNotMatch(said, /hidden/, name);
    }
  });
});

async function refused(t: TestContext, env: Record<string, string>): Promise<string> {
  const service = new ServiceProcess(t, { env });
  assert.notEqual((await service.exit()).code, 0);
  const { stdout, stderr } = service.output;
  assert.match(stderr, /startup_failed/);
  return stdout + stderr;
}
