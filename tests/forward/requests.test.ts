// What a destination gets: items that a library of Standard Webhooks verifies, and deliveries as they came.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { SOURCES, post, signedBy } from '../support/sources.ts';
import { KEY, forwardingTo } from './forwarding.ts';
import { Receiver } from './receiver.ts';

const OTHER_KEY = `whsec_${Buffer.from('another key, of 32 bytes as well').toString('base64')}`;

describe('an item', () => {
  it('is verified by the library, and is as it was stored', async (t) => {
    const receiver = await Receiver.start(t);
    const service = await startService(t, { env: forwardingTo(receiver) });
    const sent = message({ message_id: 'wämid "1"', text: 'Grüße \u{1F600}' });
    await service.store(sent);
    await receiver.hasAccepted(1);
    const [arrival] = receiver.arrivals;
    assert.ok(arrival);
    const { headers, body } = arrival;
    const verified = new Webhook(KEY).verify(body, headers as Record<string, string>) as {
      type: string;
      timestamp: string;
      data: Record<string, unknown>;
    };
    assert.equal(verified.type, 'message');
    assert.equal(verified.timestamp, sent['ts']);
    const { seq, received_at: receivedAt, ...data } = verified.data;
    assert.deepEqual(data, { ...sent, source: 'default', kind: null, payload: null });
    assert.equal(seq, 1);
    assert.ok(!Number.isNaN(Date.parse(String(receivedAt))));
    assert.equal(headers['webhook-id'], encodeURI('wämid "1"'));
    assert.equal(headers['content-type'], 'application/json');
    assert.match(headers['user-agent'] ?? '', /^oncebox\/\d/);
    assert.deepEqual([arrival.seq, arrival.attempt], [1, 1]);
  });

  it('of a named source has its payload as the provider wrote it, and both keys verify it', async (t) => {
    const receiver = await Receiver.start(t);
    const env = { ...SOURCES, ...forwardingTo(receiver, { SECRET_PREVIOUS: OTHER_KEY }) };
    const service = await startService(t, { env });
    const bill = '{"id":"b1","type":"paid","at":"2025-01-15T10:00:00Z","sum":1.00}';
    const answer = await service.send({
      method: 'POST',
      path: '/webhook/bill',
      headers: signedBy('bill', Buffer.from(bill)),
      body: bill,
    });
    assert.equal(answer.status, 200, answer.text);
    await receiver.hasAccepted(1);
    const [arrival] = receiver.arrivals;
    assert.ok(arrival);
    for (const key of [KEY, OTHER_KEY])
      new Webhook(key).verify(arrival.body, arrival.headers as Record<string, string>);
    const text = arrival.body.toString();
    assert.ok(text.includes(`"payload":${bill}`), text);
    const { type, data } = JSON.parse(text) as { type: string; data: Record<string, unknown> };
    assert.equal(type, 'event.paid');
    assert.equal(data['source'], 'bill');
  });

  it('is not sent where neither source nor type is wanted', async (t) => {
    const receiver = await Receiver.start(t);
    const wanted = { SOURCES: 'default,bill', TYPES: 'event.pa*,message' };
    const service = await startService(t, {
      env: { ...SOURCES, ...forwardingTo(receiver, wanted) },
    });
    for (const [id, type] of [
      ['b1', 'paid'],
      ['b2', 'sent'],
      ['b3', 'partly'],
    ] as const)
      await post(service, 'bill', { id, type, at: '2025-01-15T10:00:00Z' });
    await post(service, 'shop', message());
    await service.store(message({ message_id: 'last' }));
    await receiver.until('the last', () => receiver.ids().has('last'));
    assert.deepEqual(receiver.ids(), new Set(['bill:b1', 'bill:b3', 'last']));
  });
});

describe('a delivery', () => {
  it('arrives byte for byte, with the headers by which the application verifies its provider', async (t) => {
    const receiver = await Receiver.start(t);
    const env = {
      ...SOURCES,
      FORWARDS: 'app',
      FORWARD_APP_URL: receiver.url,
      FORWARD_APP_MODE: 'raw',
    };
    const service = await startService(t, { env });
    const body = Buffer.from('{ "id":"b1",  "type":"paid", "at":"2025-01-15T10:00:00Z" }\n');
    const headers = {
      ...signedBy('bill', body),
      'User-Agent': 'provider/1',
      'Content-Type': 'application/json; x=1',
    };
    const request = { method: 'POST', path: '/webhook/bill', headers, body };
    for (let copy = 0; copy < 2; copy += 1) await service.send(request);
    await service.store(message());
    const other = Buffer.from('{"id":"b2","type":"paid","at":"2025-01-15T10:00:00Z"}');
    await service.send({ ...request, headers: signedBy('bill', other), body: other });
    await receiver.until('both', () => receiver.accepted.length >= 2);
    assert.deepEqual(
      receiver.accepted.map((arrival) => arrival.body.toString()),
      [String(body), String(other)],
    );
    const [first] = receiver.accepted;
    assert.equal(first?.headers['x-bill-signature'], signedBy('bill', body)['X-Bill-Signature']);
    assert.equal(first?.headers['content-type'], 'application/json; x=1');
    assert.equal(first.headers['webhook-signature'], undefined);
  });
});
