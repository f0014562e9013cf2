// GET /message, /event and /delivery: everything that is known of one item, whatever its id is made of.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { issuesOf, refusesParameter } from '../support/issues.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { recordIn } from '../support/shapes.ts';
import {
  SOURCES,
  post,
  signedBy,
  store,
  whatsapp,
  whatsappStatus,
  whatsappText,
} from '../support/sources.ts';

const service = await startService({ after }, { env: SOURCES });

const EVENT_KEYS = [
  'event_id',
  'source',
  'type',
  'subject',
  'ts',
  'received_at',
  'seq',
  'delivery',
  'payload',
];
const MESSAGE_KEYS = [
  'message_id',
  'from',
  'to',
  'ts',
  'text',
  'source',
  'kind',
  'seq',
  'received_at',
  'delivery',
  'payload',
  'statuses',
  'conflicts',
];

/** The answer to `path?id=`, which must be 200, with exactly these keys. */
async function shown(path: string, id: string): Promise<Record<string, unknown>> {
  const answer = await service.get(`${path}?id=${encodeURIComponent(id)}`);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers['content-type'], 'application/json');
  return recordIn(answer.json(), path === '/message' ? MESSAGE_KEYS : EVENT_KEYS);
}

const eventsIn = (value: unknown): Record<string, unknown>[] => {
  assert.ok(Array.isArray(value));
  return value.map((event) => recordIn(event, EVENT_KEYS));
};

const isRecent = (instant: unknown): boolean =>
  Math.abs(Date.parse(String(instant)) - Date.now()) < 3_600_000;

describe('GET /message', () => {
  it('of the default source: the fields, and null where only sources have something', async () => {
    const sent = message({ message_id: 'plain', text: null });
    await service.store(sent);
    const { seq, received_at, ...found } = await shown('/message', 'plain');
    assert.ok(Number.isSafeInteger(seq) && Number(seq) > 0);
    assert.ok(isRecent(received_at));
    assert.deepEqual(found, {
      ...sent,
      source: 'default',
      kind: null,
      delivery: null,
      payload: null,
      statuses: [],
      conflicts: [],
    });
  });

  it('of a named source: its payload as it was written, its delivery, statuses and conflicts', async () => {
    const text = { ...whatsappText('wamid.1', 'Hello'), big: 'BIG', last: 1 };
    // Numbers beyond 2^53, exponents and escapes are what JSON.parse and back would change.
    const item = JSON.stringify(text)
      .replace('"BIG"', '12345678901234567890.10e+2')
      .replace('Hello', 'He\\u006c\\/lo');
    const body = whatsapp({ messages: [{}] }).replace('{}', () => item);
    assert.ok(body.includes(item));
    await store(service, 'wa', body);
    await store(
      service,
      'wa',
      whatsapp({
        statuses: [whatsappStatus('wamid.1', 'sent'), whatsappStatus('wamid.1', 'read')],
      }),
    );
    await store(service, 'wa', whatsapp({ messages: [whatsappText('wamid.1', 'Other')] }));
    const { text: raw } = await service.get('/message?id=wa%3Awamid.1');
    assert.ok(raw.includes(`"payload":${item}`), raw);
    const found = await shown('/message', 'wa:wamid.1');
    assert.deepEqual(
      [found['source'], found['kind'], found['from'], found['to'], found['text'], found['ts']],
      ['wa', 'text', '+919876543210', '+14155550100', 'Hel/lo', '2025-01-15T10:00:00Z'],
    );
    assert.ok(isRecent(found['received_at']));
    const statuses = eventsIn(found['statuses']);
    assert.deepEqual(
      statuses.map((status) => [status['event_id'], status['subject'], status['type']]),
      [
        ['wa:wamid.1:sent', 'wa:wamid.1', 'status'],
        ['wa:wamid.1:read', 'wa:wamid.1', 'status'],
      ],
    );
    assert.equal(statuses[0]?.['delivery'], statuses[1]?.['delivery']);
    assert.notEqual(statuses[0]?.['delivery'], found['delivery']);
    const [conflict, ...others] = eventsIn(found['conflicts']);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [conflict?.['type'], conflict?.['subject'], conflict?.['source'], conflict?.['payload']],
      ['conflict', 'wa:wamid.1', 'wa', whatsappText('wamid.1', 'Other')],
    );
    assert.deepEqual(conflict, await shown('/event', String(conflict?.['event_id'])));
    const [delivered] = [found['delivery'], statuses[0]?.['delivery'], conflict?.['delivery']];
    const kept = await service.get(`/delivery?id=${String(delivered)}`);
    assert.equal(kept.text, body);
  });

  it('shows what else came under an id of the default source', async () => {
    const sent = message({ message_id: 'said twice' });
    await service.store(sent, { ...sent, text: 'Other' }, { ...sent, text: 'Other' });
    const { text, conflicts } = await shown('/message', 'said twice');
    assert.equal(text, sent.text);
    const [conflict, ...others] = eventsIn(conflicts);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [conflict?.['source'], conflict?.['subject'], conflict?.['delivery'], conflict?.['payload']],
      ['default', 'said twice', null, { ...sent, text: 'Other' }],
    );
  });

  it('keeps 16 contents of an id, and shows the newest 100 statuses, in the order of commit', async () => {
    await store(service, 'wa', whatsapp({ messages: [whatsappText('wamid.busy', 'Hello')] }));
    for (let count = 0; count < 20; count += 1)
      await store(
        service,
        'wa',
        whatsapp({ messages: [whatsappText('wamid.busy', `Other ${count}`)] }),
      );
    const names = Array.from({ length: 130 }, (_, count) => `status-${count}`);
    await store(
      service,
      'wa',
      whatsapp({ statuses: names.map((name) => whatsappStatus('wamid.busy', name)) }),
    );
    const { statuses, conflicts } = await shown('/message', 'wa:wamid.busy');
    assert.deepEqual(
      eventsIn(statuses).map((status) => status['event_id']),
      names.slice(-100).map((name) => `wa:wamid.busy:${name}`),
    );
    assert.equal(eventsIn(conflicts).length, 16);
    const numbers = [...eventsIn(conflicts), ...eventsIn(statuses)].map(({ seq }) => Number(seq));
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
  });
});

describe('an id', () => {
  const ids = [
    'stream',
    'with/slash',
    '../..',
    'a+b',
    'a b',
    ' a',
    '100%',
    '%2B',
    '%25',
    '"quotes"',
    "it's",
    'a&id=c',
    'a=b',
    '#fragment',
    '?query',
    'a;b',
    'a\\b',
    'é',
    'e\u0301',
    'код-日本',
    '😀',
    '\u0000',
    'a\u0000b',
    'line\nbreak',
    '\ufffd',
    '<b>',
    'x'.repeat(512),
    '😀'.repeat(512),
  ];
  const everyByte = (text: string): string =>
    [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

  for (const id of ids) {
    const name = JSON.stringify(id).slice(0, 40);
    it(`of the default source: ${name}`, async () => {
      await service.store(message({ message_id: id }));
      assert.equal((await shown('/message', id))['message_id'], id);
      const whole = await service.get(`/message?id=${everyByte(id)}`);
      assert.equal((whole.json() as { message_id: string }).message_id, id);
    });

    it(`of named sources: ${name}`, async () => {
      // One of more than 512 UTF-16 units is replaced by its hash.
      const kept = id.length <= 512 ? id : `sha256:${hash('sha256', id)}`;
      await store(service, 'shop', message({ message_id: id }));
      assert.equal((await shown('/message', `shop:${kept}`))['message_id'], `shop:${kept}`);
      await store(service, 'bill', { id, type: 'paid', at: '2025-01-15T10:00:00Z' });
      assert.equal((await shown('/event', `bill:${kept}`))['event_id'], `bill:${kept}`);
      const whole = await service.get(`/event?id=${everyByte(`bill:${kept}`)}`);
      assert.equal((whole.json() as { event_id: string }).event_id, `bill:${kept}`);
    });
  }

  it('must be encoded: a raw plus is a space', async () => {
    for (const id of ['x+y', 'x y']) await service.store(message({ message_id: id }));
    const found = async (raw: string): Promise<unknown> =>
      ((await service.get(`/message?id=${raw}`)).json() as { message_id: string }).message_id;
    assert.equal(await found('x+y'), 'x y');
    assert.equal(await found('x%20y'), 'x y');
    assert.equal(await found('x%2By'), 'x+y');
  });

  it('is literal where its percent signs encode nothing, and the last one counts', async () => {
    await service.store(message({ message_id: '%zz' }));
    const literal = await service.get('/message?id=none&id=%zz');
    assert.equal((literal.json() as { message_id: string }).message_id, '%zz');
  });

  it('of a message is none of an event, and the other way round', async () => {
    await store(service, 'shop', message({ message_id: 'only a message' }));
    await store(service, 'bill', { id: 'only an event', type: 'paid', at: '1736935200' });
    for (const path of [
      '/event?id=shop:only%20a%20message',
      '/message?id=bill:only%20an%20event',
      '/message?id=only%20a%20message',
      '/event?id=only%20an%20event',
    ]) {
      const answer = await service.get(path);
      assert.deepEqual([answer.status, answer.text], [404, '{"detail":"Not Found"}'], path);
    }
  });

  for (const [name, raw] of [
    ['of 8,000 characters', 'x'.repeat(8_000)],
    ['of 4,000 bytes that are not UTF-8', '%ff'.repeat(4_000)],
    ['of NULs', '%00%00'],
    ['that tries to be SQL', encodeURIComponent("' OR 1=1 --")],
    ['that is a number', '1'],
  ] as const)
    it(`${name} is 404 where there is none`, async () => {
      for (const path of ['/message', '/event']) {
        const answer = await service.get(`${path}?id=${raw}`);
        assert.deepEqual([answer.status, answer.text], [404, '{"detail":"Not Found"}'], path);
      }
    });

  for (const path of ['/message', '/event']) {
    it(`of ${path} is required`, async () => {
      const [issue, ...others] = issuesOf(await service.get(path));
      assert.deepEqual(others, []);
      assert.deepEqual([issue?.type, issue?.loc], ['missing', ['query', 'id']]);
    });
    refusesParameter(service, 'id', '', ['string_too_short'], path);
  }
});

describe('GET /event', () => {
  it('shows what cannot be parsed, whose bytes the delivery has', async () => {
    const body = Buffer.from('\xffnot JSON\x00', 'latin1');
    await store(service, 'bill', body);
    const { data } = (await service.get('/events?type=unparsed&source=bill&order=desc')).json() as {
      data: { event_id: string }[];
    };
    const found = await shown('/event', data[0]?.event_id ?? '');
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
  const number = String((await shown('/event', data[0]?.event_id ?? ''))['delivery']);

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
    const { delivery } = await shown('/event', 'bill:long headers');
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
      await shown('/message', 'wa:wamid.d1'),
      await shown('/message', 'wa:wamid.d2'),
    ];
    assert.equal(one['delivery'], one['seq']);
    assert.equal(two['delivery'], one['seq']);
  });

  async function deliveriesOf(name: string): Promise<unknown> {
    const { data } = (await service.get('/sources')).json() as { data: Record<string, unknown>[] };
    return data.find(({ source }) => source === name)?.['deliveries'];
  }

  it('is 404 where there is none', async () => {
    await service.store(message({ message_id: 'without a delivery' }));
    const { seq } = await shown('/message', 'without a delivery');
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
