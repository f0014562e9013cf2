// GET /delivery: a post as it came, byte for byte; and GET /event of what could not be parsed, which only the delivery has.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { issuesOf, refusesParameter } from '../support/issues.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { recordIn } from '../support/shapes.ts';
import { SOURCES, post, signedBy, store, whatsapp, whatsappText } from '../support/sources.ts';
import { isRecent, shown } from './shown.ts';

const service = await startService({ after }, { env: SOURCES });

describe('GET /event', () => {
  it('shows what cannot be parsed, whose bytes the delivery has', async () => {
    const body = Buffer.from('\xffnot JSON\x00', 'latin1');
    await store(service, 'bill', body);
    const { data } = (await service.get('/events?type=unparsed&source=bill&order=desc')).json() as {
      data: { event_id: string }[];
    };
    const found = await shown(service, '/event', data[0]?.event_id ?? '');
    assert.deepEqual([found['type'], found['payload'], found['subject']], ['unparsed', null, null]);
    const kept = await service.get(`/delivery?id=${String(found['delivery'])}`);
    assert.deepEqual(kept.bytes, body);
  });
});

describe('GET /delivery', async () => {
  const body = Buffer.from(
    `${JSON.stringify({ id: 'kept', type: 'paid', at: '1736935200' })}\n \u00e9`,
  );
  await store(service, 'bill', { id: 'kept first', type: 'paid', at: '1736935200' });
  await store(service, 'bill', body);
  const { data } = (
    await service.get('/events?type=unparsed&source=bill&order=desc&limit=1')
  ).json() as {
    data: { event_id: string }[];
  };
  const number = String((await shown(service, '/event', data[0]?.event_id ?? ''))['delivery']);

  it('is the bytes of the body, not to be shown by a browser', async () => {
    const answer = await service.get(`/delivery?id=${number}`);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.bytes, body);
    assert.equal(answer.headers['content-type'], 'application/octet-stream');
    assert.equal(answer.headers['content-disposition'], 'attachment');
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  });

  it('with part=headers is what is known of the post, which also comes with the body', async () => {
    const answer = await service.get(`/delivery?id=${number}&part=headers`);
    assert.equal(answer.headers['content-type'], 'application/json');
    const about = recordIn(answer.json(), ['source', 'received_at', 'headers']);
    assert.equal(about['source'], 'bill');
    assert.ok(isRecent(about['received_at']));
    const headers = about['headers'] as [string, string][];
    const sent = signedBy('bill', body);
    assert.deepEqual(Object.fromEntries(headers), {
      'content-type': sent['Content-Type'],
      'x-bill-signature': sent['X-Bill-Signature'],
    });
    for (const part of ['', '&part=', '&part=body', '&part=headers']) {
      const encoded = (await service.get(`/delivery?id=${number}${part}`)).headers[
        'oncebox-delivery'
      ];
      assert.deepEqual(
        JSON.parse(Buffer.from(String(encoded), 'base64url').toString()),
        about,
        part,
      );
    }
  });

  it('names headers in a header only where they fit into one', async () => {
    const long = { id: 'long headers', type: 'paid', at: '1736935200' };
    const bytes = Buffer.from(JSON.stringify(long));
    const headers = {
      ...signedBy('bill', bytes),
      'Content-Type': `text/plain; x=${'y'.repeat(4_000)}`,
    };
    const { status } = await service.send({
      method: 'POST',
      path: '/webhook/bill',
      headers,
      body: bytes,
    });
    assert.equal(status, 200);
    const { delivery } = await shown(service, '/event', 'bill:long headers');
    const answer = await service.get(`/delivery?id=${String(delivery)}`);
    const encoded = String(answer.headers['oncebox-delivery']);
    assert.ok(encoded.length <= 3_072);
    const about = JSON.parse(Buffer.from(encoded, 'base64url').toString()) as { headers: unknown };
    assert.equal(about.headers, null);
    const rest = await service.get(`/delivery?id=${String(delivery)}&part=headers`);
    assert.ok(rest.text.includes('y'.repeat(4_000)));
  });

  it('answers HEAD with the headers alone', async () => {
    const answer = await service.send({ method: 'HEAD', path: `/delivery?id=${number}` });
    assert.deepEqual([answer.status, answer.text], [200, '']);
    assert.equal(answer.headers['content-length'], String(body.length));
  });

  it('is kept once for all items of a post, and not for a post that holds nothing new', async () => {
    const twice = whatsapp({
      messages: [whatsappText('wamid.d1', 'a'), whatsappText('wamid.d2', 'b')],
    });
    await store(service, 'wa', twice);
    const before = await deliveriesOf('wa');
    await store(service, 'wa', twice);
    assert.equal(await deliveriesOf('wa'), before);
    const [one, two] = [
      await shown(service, '/message', 'wa:wamid.d1'),
      await shown(service, '/message', 'wa:wamid.d2'),
    ];
    assert.equal(one['delivery'], one['seq']);
    assert.equal(two['delivery'], one['seq']);
  });

  async function deliveriesOf(name: string): Promise<unknown> {
    const sources = (await service.get('/sources')).json() as { data: Record<string, unknown>[] };
    return sources.data.find(({ source }) => source === name)?.['deliveries'];
  }

  it('is 404 where there is none', async () => {
    await service.store(message({ message_id: 'without a delivery' }));
    const { seq } = await shown(service, '/message', 'without a delivery');
    for (const id of [String(seq), '9007199254740991'])
      for (const part of ['', '&part=headers']) {
        const answer = await service.get(`/delivery?id=${id}${part}`);
        assert.deepEqual([answer.status, answer.text], [404, '{"detail":"Not Found"}']);
      }
  });

  it('requires its number', async () => {
    const [issue] = issuesOf(await service.get('/delivery'));
    assert.deepEqual([issue?.type, issue?.loc], ['missing', ['query', 'id']]);
  });

  for (const raw of ['', 'abc', '+1', '1.0', '-1', '1e3', '%00', 'bill:kept%20first'])
    refusesParameter(service, 'id', raw, ['int_parsing'], '/delivery');
  refusesParameter(service, 'id', '0', ['greater_than_equal'], '/delivery');
  refusesParameter(service, 'id', '9007199254740992', ['less_than_equal'], '/delivery');
  for (const raw of ['all', 'Body', 'headers,body', '0'])
    refusesParameter(service, 'part', raw, ['value_error'], '/delivery?id=1');
});

it('a post with a wrong signature leaves nothing to read', async () => {
  const body = { id: 'forged', type: 'paid', at: '1736935200' };
  const answer = await service.send({
    method: 'POST',
    path: '/webhook/bill',
    headers: { 'X-Bill-Signature': '0'.repeat(64) },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 401);
  assert.equal((await service.get('/event?id=bill:forged')).status, 404);
  assert.equal((await post(service, 'bill', body)).status, 200);
  assert.equal((await service.get('/event?id=bill:forged')).status, 200);
});
