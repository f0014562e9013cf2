// The service inside the process of its caller: started on a free port, and stopped by the end of a scope.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { type Config, readConfig } from '../../app/config/config.ts';
import { run } from '../../app/main.ts';
import { openObservers, startService } from '../../app/service.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { bytesOf, message, SECRET, sign } from '../support/message.ts';
import { send } from '../support/request.ts';
import { pageIn } from '../support/shapes.ts';

function configIn(directory: string): Config {
  return readConfig({
    WEBHOOK_SECRET: SECRET,
    DATABASE_URL: `sqlite:///${join(directory, 'app.db')}`,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'ERROR',
  });
}

it('a service runs in a scope: it stores, reads, and is stopped at the end of it', async (t) => {
  const config = configIn(temporaryDirectory(t));
  const sent = message();
  let port: number;
  {
    await using service = await startService(config, openObservers(config), (error) => {
      throw error;
    });
    port = Number(new URL(service.url).port);
    const body = bytesOf(sent);
    const headers = { 'Content-Type': 'application/json', 'X-Signature': sign(body) };
    const posted = await send(port, { method: 'POST', path: '/webhook', headers, body });
    assert.equal(posted.status, 200);
    const page = pageIn((await send(port, { path: '/messages' })).json());
    assert.deepEqual(
      page.data.map((stored) => stored.message_id),
      [sent.message_id],
    );
  }
  await assert.rejects(send(port, { path: '/health/live' }), { code: 'ECONNREFUSED' });
});

it('a service that was stopped already is not stopped again at the end of its scope', async (t) => {
  const config = configIn(temporaryDirectory(t));
  await using service = await startService(config, openObservers(config), (error) => {
    throw error;
  });
  const stopped = service.stop();
  assert.equal(service.stop(), stopped);
  await stopped;
});

it('importing app/main.ts starts nothing', () => {
  // Without WEBHOOK_SECRET a start would have ended this process with exit code 78.
  assert.equal(process.env['WEBHOOK_SECRET'], undefined);
  assert.equal(typeof run, 'function');
});
