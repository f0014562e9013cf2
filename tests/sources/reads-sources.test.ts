// GET /sources: which sources there are, what is stored of each, and how their posts fare; never a secret.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { message, sign } from '../support/message.ts';
import { type Service, startService } from '../support/service.ts';
import { recordIn } from '../support/shapes.ts';
import {
  SOURCES,
  post,
  store,
  whatsapp,
  whatsappStatus,
  whatsappText,
} from '../support/sources.ts';

const KEYS = [
  'source',
  'scheme',
  'path',
  'previous_secret',
  'messages',
  'events',
  'deliveries',
  'last_received_at',
  'last_delivery',
  'last_failure',
  'previous_secret_last_used',
];

type Shown = Record<string, unknown>;

async function sourcesOf(service: Service): Promise<Shown[]> {
  const answer = await service.get('/sources');
  assert.equal(answer.status, 200, answer.text);
  assert.doesNotMatch(answer.text, /secret-of|token-of|testsecret/);
  const { data } = recordIn(answer.json(), ['data']);
  assert.ok(Array.isArray(data));
  return data.map((one) => recordIn(one, KEYS));
}

async function shown(service: Service, name: string): Promise<Shown> {
  const found = (await sourcesOf(service)).find(({ source }) => source === name);
  assert.ok(found, name);
  return found;
}

const isRecent = (instant: unknown): boolean =>
  Math.abs(Date.parse(String(instant)) - Date.now()) < 3_600_000;

const service = await startService({ after }, { env: SOURCES });

describe('GET /sources', () => {
  it('lists the default source, then the configured ones in their order, before anything has come', async (t) => {
    const fresh = await startService(t, { env: SOURCES });
    const nothing = {
      messages: 0,
      events: 0,
      deliveries: 0,
      last_received_at: null,
      last_delivery: null,
      last_failure: null,
      previous_secret: false,
      previous_secret_last_used: null,
    };
    assert.deepEqual(await sourcesOf(fresh), [
      { source: 'default', scheme: 'oncebox', path: '/webhook', ...nothing },
      { source: 'wa', scheme: 'meta', path: '/webhook/wa', ...nothing },
      { source: 'shop', scheme: 'oncebox', path: '/webhook/shop', ...nothing },
      { source: 'bill', scheme: 'hmac', path: '/webhook/bill', ...nothing },
    ]);
  });

  it('counts what is stored, each once, whatever is sent again', async () => {
    const parts = {
      messages: [whatsappText('1', 'a'), whatsappText('2', 'b')],
      statuses: [whatsappStatus('1', 'sent')],
    };
    for (let again = 0; again < 2; again += 1) {
      await store(service, 'wa', whatsapp(parts));
      await store(service, 'shop', message({ message_id: 's' }));
    }
    await store(service, 'wa', whatsapp({ messages: [whatsappText('1', 'other')] }), 'not JSON');
    await service.store(message({ message_id: 'd' }), message({ message_id: 'd', text: 'other' }));
    const counts = (await sourcesOf(service)).map((one) =>
      ['source', 'messages', 'events', 'deliveries'].map((key) => one[key]),
    );
    assert.deepEqual(counts, [
      ['default', 1, 1, 0],
      ['wa', 2, 3, 3],
      ['shop', 1, 0, 1],
      ['bill', 0, 0, 0],
    ]);
    for (const name of ['default', 'wa', 'shop'])
      assert.ok(isRecent((await shown(service, name))['last_received_at']), name);
    for (const name of ['wa', 'shop'])
      assert.ok(isRecent((await shown(service, name))['last_delivery']), name);
  });

  it('says when and why a post was last refused, of its source alone', async () => {
    const refused = { method: 'POST', path: '/webhook/bill', body: '{}' };
    assert.equal((await service.send(refused)).status, 401);
    const missing = recordIn((await shown(service, 'bill'))['last_failure'], [
      'at',
      'reason',
      'hint',
    ]);
    assert.equal(missing['reason'], 'missing');
    assert.ok(isRecent(missing['at']));
    const headers = { 'X-Bill-Signature': sign('{}', 'another secret') };
    assert.equal((await service.send({ ...refused, headers })).status, 401);
    assert.equal(recordIn((await shown(service, 'bill'))['last_failure'])['reason'], 'mismatch');
    assert.equal((await shown(service, 'shop'))['last_failure'], null);
    await post(service, 'bill', { id: '1', type: 'paid', at: '0' });
    assert.equal(recordIn((await shown(service, 'bill'))['last_failure'])['reason'], 'mismatch');
  });

  it('says whether a previous secret is there, and when it was last used', async (t) => {
    const env = {
      ...SOURCES,
      SOURCE_SHOP_SECRET: 'the next secret-of shop',
      SOURCE_SHOP_SECRET_PREVIOUS: SOURCES['SOURCE_SHOP_SECRET'],
      WEBHOOK_SECRET_PREVIOUS: 'an older testsecret',
    };
    const rotating = await startService(t, { env });
    const before = await shown(rotating, 'shop');
    assert.deepEqual(
      [before['previous_secret'], before['previous_secret_last_used']],
      [true, null],
    );
    assert.equal((await shown(rotating, 'default'))['previous_secret'], true);
    assert.equal((await shown(rotating, 'wa'))['previous_secret'], false);
    await store(rotating, 'shop', message());
    assert.ok(isRecent((await shown(rotating, 'shop'))['previous_secret_last_used']));
    assert.equal((await shown(rotating, 'default'))['previous_secret_last_used'], null);
  });

  it('still has a source that is not configured any more, as long as anything of it is stored', async (t) => {
    const first = await startService(t, { env: SOURCES });
    await store(first, 'shop', message());
    await first.stop();
    const next = await startService(t, {
      directory: first.directory,
      env: { SOURCES: 'other:oncebox', SOURCE_OTHER_SECRET: 'another-secret-of' },
    });
    const names = (await sourcesOf(next)).map(({ source }) => source);
    assert.deepEqual(names, ['default', 'other', 'shop']);
    const { scheme, path, messages, last_received_at } = await shown(next, 'shop');
    assert.deepEqual([scheme, path, messages], [null, null, 1]);
    assert.ok(isRecent(last_received_at));
    assert.equal((await next.page('?source=shop')).total, 1);
  });

  it('has paths with the prefix of a proxy', async (t) => {
    const inbox = await startService(t, { env: { ...SOURCES, BASE_PATH: '/inbox' } });
    const paths = (await sourcesOf(inbox)).map(({ path }) => path);
    assert.deepEqual(paths, [
      '/inbox/webhook',
      '/inbox/webhook/wa',
      '/inbox/webhook/shop',
      '/inbox/webhook/bill',
    ]);
  });
});
