// Oncebox behind nginx and behind Caddy, as deploy/ configures them: nothing of what it takes or answers is changed on the way.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { bounded, eventually } from '../support/bounded.ts';
import { holdWriteLock } from '../support/database.ts';
import { bytesOf, message, sign } from '../support/message.ts';
import type { Draft } from '../support/message.ts';
import type { Answer } from '../support/request.ts';
import { startService } from '../support/service.ts';
import type { Environment, Service } from '../support/service.ts';
import { startProxy } from './proxy.ts';
import type { Kind, Proxy } from './proxy.ts';

function post(
  proxy: Proxy,
  body: Draft | Buffer | string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const bytes = bytesOf(body);
  const signed = { 'X-Signature': sign(bytes), ...headers };
  return proxy.send({ method: 'POST', path: '/webhook', headers: signed, body: bytes });
}

/** Something to speak to in the place of the service, that remembers what reached it. */
async function startRecorder(
  t: TestContext,
): Promise<{ port: number; headers: IncomingHttpHeaders[]; connections: () => number }> {
  const headers: IncomingHttpHeaders[] = [];
  let connections = 0;
  const server = createServer((incoming, outgoing) => {
    headers.push(incoming.headers);
    incoming.resume().on('end', () => outgoing.end('ok'));
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, headers, connections: () => connections };
}

for (const kind of ['nginx', 'caddy'] as const satisfies Kind[]) {
  async function behind(
    t: TestContext,
    env: Environment = {},
  ): Promise<{ service: Service; proxy: Proxy } | undefined> {
    const service = await startService(t, { env });
    const proxy = await startProxy(t, kind, service.port);
    return proxy === undefined ? undefined : { service, proxy };
  }

  describe(`behind ${kind}`, { concurrency: 2 }, () => {
    it('the body arrives byte for byte: signatures hold, whatever the bytes are', async (t) => {
      const both = await behind(t);
      if (both === undefined) return;
      const { service, proxy } = both;
      const sent = message({ text: 'Žluťoučký 😀 \u0000 end' });
      assert.equal((await post(proxy, `\r\n ${JSON.stringify(sent, null, '\t')} \n`)).status, 200);
      assert.deepEqual((await service.page()).data, [sent]);
      // Signed rightly and no UTF-8: 422 says that the signature held, 401 that a byte was changed.
      const every = Buffer.from(Array.from({ length: 65_536 }, (_, index) => index % 256));
      assert.equal((await post(proxy, every)).status, 422);
      assert.equal((await post(proxy, Buffer.alloc(1_048_576, 0x20))).status, 422);
      const encoding = { 'Transfer-Encoding': 'chunked' };
      assert.equal((await post(proxy, message(), encoding)).status, 200);
      assert.equal((await post(proxy, message(), { 'X-Signature': 'wrong' })).status, 401);
    });

    it('a body that is too long is refused by Oncebox, which counts it', async (t) => {
      const both = await behind(t);
      if (both === undefined) return;
      const answer = await post(both.proxy, Buffer.alloc(1_400_000, 0x20));
      assert.deepEqual([answer.status, answer.text], [413, '{"detail":"payload too large"}']);
    });

    it('a query arrives as it was written: a raw + too', async (t) => {
      const both = await behind(t);
      if (both === undefined) return;
      await both.service.store(message({ from: '+4912345' }), message());
      const answer = await both.proxy.send({ path: '/messages?from=+4912345&limit=5' });
      assert.equal(answer.status, 200);
      assert.match(answer.text, /"total":1,/);
    });

    it('a request keeps its id, and has one where it came without', async (t) => {
      const both = await behind(t);
      if (both === undefined) return;
      const { service, proxy } = both;
      const own = await post(proxy, message(), { 'X-Request-ID': 'own-id-1' });
      assert.equal(own.headers['x-request-id'], 'own-id-1');
      const made = (await post(proxy, message())).headers['x-request-id'];
      assert.match(String(made), /^[\w-]{16,}$/);
      await service.output.line('both ids in the log', (line) => line.request_id === 'own-id-1');
      await service.output.line('both ids in the log', (line) => line.request_id === made);
    });

    it('an event of each stream comes while the stream is open', async (t) => {
      const both = await behind(t);
      if (both === undefined) return;
      const { service, proxy } = both;
      for (const path of ['/messages/stream', '/events/stream']) {
        const stream = await proxy.open({ path });
        t.after(() => void stream.destroy());
        for (let count = 1; count <= 3; count += 1) {
          const sent = message();
          await service.store(sent);
          let seen = '';
          await bounded(
            (async () => {
              while (!seen.includes(String(sent.message_id))) {
                const [chunk] = (await once(stream, 'data')) as [Buffer];
                seen += chunk.toString('utf8');
              }
            })(),
            () => `event ${count} of ${path}; so far: ${seen}`,
          );
        }
      }
    });

    it('503 comes through as it is, with its Retry-After', async (t) => {
      const both = await behind(t);
      if (both === undefined) return;
      const release = await holdWriteLock(t, both.service.databasePath);
      const answer = await post(both.proxy, message());
      await release();
      assert.deepEqual([answer.status, answer.text], [503, '{"detail":"storage unavailable"}']);
      assert.match(answer.headers['retry-after'] ?? '', /^[1-9][0-9]*$/);
    });

    it('/metrics is for the inside', async (t) => {
      const both = await behind(t);
      if (both === undefined) return;
      assert.equal((await both.proxy.send({ path: '/metrics' })).status, 404);
      assert.equal((await both.proxy.send({ path: '/health/ready' })).status, 200);
    });

    it('under a path everything is served there and nowhere else, /metrics but for the inside', async (t) => {
      const service = await startService(t, { env: { BASE_PATH: '/inbox' } });
      const proxy = await startProxy(t, kind, service.port, '/inbox');
      if (proxy === undefined) return;
      const body = bytesOf(message());
      const headers = { 'X-Signature': sign(body) };
      const posted = await proxy.send({ method: 'POST', path: '/inbox/webhook', headers, body });
      assert.equal(posted.status, 200);
      const page = await proxy.send({ path: '/inbox/messages' });
      assert.match(String(page.headers['link']), /^<\/inbox\/messages>/);
      const [, script = ''] =
        /src="([^"]*)"/.exec((await proxy.send({ path: '/inbox/' })).text) ?? [];
      assert.match(script, /^\/inbox\/assets\//);
      assert.equal((await proxy.send({ path: script })).status, 200);
      const home = await proxy.send({ path: '/inbox' });
      if (home.status === 301) assert.match(home.headers['location'] ?? '', /\/inbox\/$/);
      else assert.equal(home.status, 200);
      const stream = await proxy.open({ path: '/inbox/messages/stream?after=0' });
      let events = '';
      stream.on('data', (part: Buffer) => {
        events += part.toString('utf8');
      });
      await eventually('the message', () => /^id: 1\n/m.test(events) || undefined);
      stream.destroy();
      assert.equal((await proxy.send({ path: '/inbox/metrics' })).status, 404);
      assert.doesNotMatch((await proxy.send({ path: '/stats' })).text, /total_messages/);
    });

    it('a service that is gone is 502, which a sender tries again', async (t) => {
      const both = await behind(t);
      if (both === undefined) return;
      await both.service.stop('SIGKILL');
      assert.equal((await post(both.proxy, message())).status, 502);
    });

    it('the address and the scheme are told, and not as the caller claims; connections are kept', async (t) => {
      const recorder = await startRecorder(t);
      const proxy = await startProxy(t, kind, recorder.port);
      if (proxy === undefined) return;
      const claims = { 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Proto': 'gopher' };
      for (let count = 0; count < 10; count += 1)
        assert.equal((await post(proxy, message(), claims)).status, 200);
      assert.equal(recorder.headers.length, 10);
      for (const headers of recorder.headers) {
        assert.equal(headers['x-forwarded-for'], '127.0.0.1');
        assert.equal(headers['x-forwarded-proto'], 'https');
        assert.equal(headers['x-forwarded-host'], 'inbox.example.com');
        assert.match(headers['x-signature'] as string, /^[0-9a-f]{64}$/);
      }
      assert.equal(recorder.connections(), 1);
    });
  });
}
