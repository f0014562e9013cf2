// What must not come of a destination or a delivery that is made to do harm: items for a stranger, and requests within requests.
import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { database, file, importInto } from '../cli/calls.ts';
import { eventually } from '../support/bounded.ts';
import { type Cleaner, temporaryDirectory } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { SOURCES } from '../support/sources.ts';
import { forwardingTo, statusOf } from './forwarding.ts';
import { Receiver } from './receiver.ts';
import { CERTIFICATE, PRIVATE_KEY } from './self-signed.ts';

/** An application that speaks HTTPS, and how many requests it has got. */
async function startSecure(t: Cleaner): Promise<{ url: string; requests: () => number }> {
  let requests = 0;
  const server = createServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, (_request, response) => {
    requests += 1;
    response.end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `https://127.0.0.1:${port}/inbox`, requests: () => requests };
}

describe('an application whose certificate nobody vouches for', () => {
  it('gets nothing, whatever the environment says of certificates', async (t) => {
    const application = await startSecure(t);
    const env = { ...forwardingTo(application), NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const service = await startService(t, { env });
    await service.store(message());
    const error = await eventually(
      'the attempt that fails',
      async () => (await statusOf(service))['last_error'] ?? undefined,
    );
    assert.match(JSON.stringify(error), /certificate/);
    assert.equal(application.requests(), 0);
  });

  it('gets its items where the certificate is trusted', async (t) => {
    const application = await startSecure(t);
    const trusted = join(temporaryDirectory(t), 'trusted.pem');
    writeFileSync(trusted, CERTIFICATE);
    const env = { ...forwardingTo(application), NODE_EXTRA_CA_CERTS: trusted };
    const service = await startService(t, { env });
    await service.store(message());
    await eventually('the item', () => application.requests() === 1 || undefined);
  });
});

describe('a stored delivery with headers that say where a request ends, or for whom it is', () => {
  it('is forwarded as one request to its destination, without them', async (t) => {
    const receiver = await Receiver.start(t);
    const body = 'a body that is longer than its header says\r\n\r\nGET /inside HTTP/1.1\r\n\r\n';
    const at = '2025-01-15T09:00:00.000Z';
    const origin = { source: 'bill', payload: '1', content: '0'.repeat(32) };
    const event = { event_id: 'bill:1', type: 'paid', subject: null, ts: at, created_at: at };
    const headers = [
      ['content-length', '6'],
      ['transfer-encoding', 'chunked'],
      ['host', 'inside.example'],
      ['connection', 'close, x-bill-signature'],
      ['te', 'trailers'],
      ['oncebox-seq', '99'],
      ['x-bill-signature', 'kept'],
    ];
    const post = { delivery: 1, source: 'bill', received_at: at, headers, messages: [] };
    const lines = [
      { ...event, ...origin },
      { ...post, body: Buffer.from(body).toString('base64'), events: ['bill:1'] },
    ];
    const path = database(t);
    const archive = file(
      t,
      'in.ndjson',
      lines.map((line) => JSON.stringify(line)),
    );
    await importInto(t, path, archive);
    const settings = forwardingTo(receiver, { MODE: 'raw', START: 'beginning' });
    const service = await startService(t, {
      env: { ...SOURCES, ...settings, DATABASE_URL: `sqlite:///${path}` },
    });
    await eventually('the delivery', async () =>
      (await statusOf(service))['delivered'] === 1 ? true : undefined,
    );
    const [arrival, ...others] = receiver.arrivals;
    assert.ok(arrival);
    assert.deepEqual(others, []);
    assert.equal(arrival.body.toString(), body);
    assert.equal(arrival.headers.host, new URL(receiver.url).host);
    assert.equal(arrival.headers['content-length'], String(body.length));
    for (const name of ['transfer-encoding', 'te']) assert.equal(arrival.headers[name], undefined);
    assert.doesNotMatch(arrival.headers.connection ?? '', /close|x-bill/);
    assert.equal(arrival.headers['x-bill-signature'], 'kept');
    assert.equal(arrival.seq, 1);
  });
});
