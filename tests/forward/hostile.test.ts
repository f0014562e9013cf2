// What must not come of a stored delivery that is made to do harm: requests within requests.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { database, file, importInto } from '../cli/calls.ts';
import { eventually } from '../support/bounded.ts';
import { startService } from '../support/service.ts';
import { SOURCES } from '../support/sources.ts';
import { forwardingTo, statusOf } from './forwarding.ts';
import { Receiver } from './receiver.ts';

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
