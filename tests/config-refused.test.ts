// Unusable settings: the start is refused in one JSON line that names the variable, without a stack trace, and the exit code is not 0.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryDirectory } from './support/cleanup.ts';
import { refusal } from './support/refusal.ts';
import { ServiceProcess } from './support/service.ts';
import type { Environment } from './support/service.ts';

function refused(variable: string, value: string | undefined, more: Environment = {}): void {
  it(`${variable}=${value === undefined ? ' (unset)' : JSON.stringify(value)}`, async (t) => {
    const directory = temporaryDirectory(t);
    await refusal(t, variable, { directory, env: { [variable]: value, ...more } });
    assert.ok(
      !existsSync(join(directory, 'app.db')),
      'nothing is made with settings that are not usable',
    );
  });
}

describe('the start is refused, in one JSON line that names the variable, without a stack trace, with an exit code that is not 0', () => {
  for (const value of [undefined, '', ' ', '   ', '\t', '\n', ' \r\n\t '])
    refused('WEBHOOK_SECRET', value);
  for (const value of [
    'abc',
    '70000',
    '65536',
    '-1',
    '1.5',
    '8e3',
    '0x50',
    '80a',
    ' ',
    '8000 9000',
  ])
    refused('PORT', value);
  for (const value of ['LOUD', 'TRACE', '10', 'INFO,DEBUG', ' ']) refused('LOG_LEVEL', value);
  for (const value of ['-1', '0', '1e6', 'abc', '1.5', '1MB', '1_000', ' ', '99999999999999999999'])
    refused('MAX_BODY_BYTES', value);
  for (const value of [
    'postgres://localhost/app',
    'postgresql://localhost/app',
    'mysql://localhost/app',
    'sqlite',
    'sqlite:',
    'sqlite:/app.db',
    'sqlite://app.db',
    'app.db',
    '/app.db',
    'file:app.db',
    'nonsense',
  ])
    refused('DATABASE_URL', value);
  for (const value of ['0', '-1', 'abc', '1e3']) refused('QUEUE_MESSAGES_MAX', value);
  for (const value of ['0', '-1', 'abc', '100000']) refused('READER_THREADS', value);
  for (const value of ['0', '-1', '90d', '40000']) refused('RETENTION_DAYS', value);
  for (const value of [
    'inbox',
    'inbox/',
    ' ',
    '//',
    '/inbox//',
    '//inbox',
    '/a//b',
    '/.',
    '/../inbox',
    '/inbox/..',
    '/inbox/%2e%2E/x',
    '/inbox?x=1',
    '/inbox#x',
    '/in box',
    '/inbox>',
    '/"inbox"',
    '/inb\\ox',
    '/inbox%',
    '/inbox%2fx',
    '/büro',
    '/inbox\n',
    'http://example.com/inbox',
    `/${'x'.repeat(256)}`,
  ])
    refused('BASE_PATH', value);
  for (const value of ['shop', 'shop:nothing', 'default:github', 'Shop:github', ','])
    refused('SOURCES', value);
  refused('SOURCE_SHOP_SECRET', ' ', { SOURCES: 'shop:github' });
  refused('SOURCE_SHOP_PUBLIC_URL', 'x', { SOURCES: 'shop:github', SOURCE_SHOP_SECRET: 'a' });
  refused('SOURCE_SHOP_SECRET', 'a');
  for (const value of ['no such host', '999.999.999.999', 'http://127.0.0.1']) {
    it(`HOST=${JSON.stringify(value)}`, async (t) => {
      await refusal(t, 'HOST', { env: { HOST: value } });
    });
  }

  it('PORT that is taken', async (t) => {
    const server = createServer();
    t.after(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await refusal(t, 'PORT', { env: { PORT: String(port) } });
  });

  it('with exit code 78 for settings', async (t) => {
    for (const env of [{ PORT: 'abc' }, { SOURCES: 'shop:github' }]) {
      const service = new ServiceProcess(t, { env });
      assert.equal((await service.exit()).code, 78);
    }
  });

  it('never telling the secret', async (t) => {
    const secret = 'do-not-tell-me';
    const service = new ServiceProcess(t, { env: { WEBHOOK_SECRET: secret, PORT: 'abc' } });
    await service.exit();
    assert.ok(!(service.output.stdout + service.output.stderr).includes(secret));
  });
});
