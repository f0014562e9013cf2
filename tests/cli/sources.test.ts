// `oncebox send` as providers do it, against the real service; and how the command shows sources.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { type Service, startService } from '../support/service.ts';
import { oncebox } from './oncebox.ts';
import { BODIES, fileOf, SOURCES } from './providers.ts';

const service = await startService({ after }, { env: SOURCES });

/** What the service counts of a source. */
async function countsOf(of: Service, name: string): Promise<[messages: number, events: number]> {
  const { data } = (await of.get('/sources')).json() as {
    data: { source: string; messages: number; events: number }[];
  };
  const found = data.find(({ source }) => source === name);
  assert.ok(found !== undefined);
  return [found.messages, found.events];
}

describe('oncebox send --source', () => {
  const url = (of: Service, name: string): string => `http://127.0.0.1:${of.port}/webhook/${name}`;

  it('posts a file and standard input as the providers do, and each is stored', async (t) => {
    const own = await startService(t, { env: SOURCES });
    const stored: Record<string, readonly [number, number]> = {};
    for (const [name, body] of Object.entries(BODIES)) {
      const args = ['send', '--json', '--source', name, '--id', 'id-1', '--url', url(own, name)];
      const fromFile = await oncebox(t, [...args, fileOf(t, body)], { env: SOURCES });
      assert.equal(fromFile.code, 0, fromFile.stderr);
      assert.deepEqual(fromFile.json(), {
        id: 'id-1',
        bytes: Buffer.byteLength(body),
        acknowledged: true,
      });
      // The same again: stored once.
      const again = await oncebox(t, args, { env: SOURCES, stdin: body });
      assert.equal(again.code, 0, again.stderr);
      stored[name] = await countsOf(own, name);
    }
    const message = [1, 0] as const;
    const event = [0, 1] as const;
    const events = { billing: event, code: event, chat: event, shop: event, mail: event };
    assert.deepEqual(stored, { whatsapp: message, sms: message, ...events });
  });

  it('posts each line of a file, once, also where its journal is lost', async (t) => {
    const own = await startService(t, { env: SOURCES });
    const lines = Array.from({ length: 40 }, (_, at) => `{"action":"opened","number":${at}}`);
    const file = fileOf(t, lines.join('\n'));
    const args = ['send', '--json', '--source', 'code', '--url', url(own, 'code'), '--file'];
    const first = await oncebox(t, [...args, file], { env: SOURCES });
    assert.deepEqual(first.json(), { sent: 40, skipped: 0, rejected: 0, retries: 0 });
    const second = await oncebox(t, [...args, file], { env: SOURCES });
    assert.deepEqual(second.json(), { sent: 0, skipped: 40, rejected: 0, retries: 0 });
    // Another file with the same lines has no journal: the ids of their deliveries are the same.
    const third = await oncebox(t, [...args, fileOf(t, lines.join('\n'))], { env: SOURCES });
    assert.equal(third.json()['sent'], 40);
    assert.deepEqual(await countsOf(own, 'code'), [0, 40]);
  });

  it('stops where the service does not accept the signature, and where it has no such source', async (t) => {
    const file = fileOf(t, BODIES.billing);
    const env = { ...SOURCES, SOURCE_BILLING_SECRET: 'whsec_another' };
    const args = ['send', '--source', 'billing', '--file', file, '--url'];
    const refused = await oncebox(t, [...args, url(service, 'billing')], { env });
    assert.deepEqual([refused.code, refused.stdout], [1, '']);
    assert.match(refused.stderr, /is SOURCE_BILLING_SECRET that of the service\?/);
    const missing = await oncebox(t, [...args, url(service, 'nope')], { env: SOURCES });
    assert.match(missing.stderr, /the service has no source billing at http/);
  });

  it('says why one body is refused', async (t) => {
    const env = { ...SOURCES, SOURCE_CHAT_SECRET: 'another-secret' };
    const args = ['send', '--source', 'chat', '--url', url(service, 'chat')];
    const { code, stderr } = await oncebox(t, args, { env, stdin: BODIES.chat });
    assert.equal(code, 1);
    assert.match(stderr, /^oncebox: refused with 401: "invalid signature"\n$/);
  });

  const wrong = [
    { args: ['body.json'], says: /a file needs --source, or --file/ },
    { args: ['--source', 'code', '--file', 'a', 'b'], says: /--file excludes another file/ },
    { args: ['--source', 'code', '--text', 'hi'], says: /--text has no meaning with --source/ },
  ];
  for (const { args, says } of wrong) {
    it(`is used wrongly with ${args.join(' ')}`, async (t) => {
      const { code, stdout, stderr } = await oncebox(t, ['send', ...args], { env: SOURCES });
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, says);
    });
  }
});

describe('oncebox sources', () => {
  it('lists the default source and the configured ones, with the URLs of the providers', async (t) => {
    const env = { ...SOURCES, BASE_PATH: '/inbox' };
    const args = ['sources', '--json', '--origin', 'https://hooks.example.com/'];
    const rows = (await oncebox(t, args, { env })).json()['sources'] as Record<string, unknown>[];
    assert.deepEqual(
      rows.map(({ name, scheme }) => `${String(name)}:${String(scheme)}`),
      ['default:oncebox', ...(SOURCES['SOURCES'] ?? '').split(',')],
    );
    const [whatsapp, sms, billing] = rows.slice(1);
    assert.deepEqual(whatsapp, {
      name: 'whatsapp',
      scheme: 'meta',
      path: '/inbox/webhook/whatsapp',
      url: 'https://hooks.example.com/inbox/webhook/whatsapp',
      previousSecret: false,
    });
    assert.equal(sms?.['url'], SOURCES['SOURCE_SMS_PUBLIC_URL']);
    assert.equal(billing?.['previousSecret'], true);
  });

  it('leaves the host open where it is not told', async (t) => {
    const { code, stdout, stderr } = await oncebox(t, ['sources'], { env: SOURCES });
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^whatsapp +meta +https:\/\/HOST\/webhook\/whatsapp +-$/m);
    assert.match(stdout, /^billing +stripe +https:\/\/HOST\/webhook\/billing +accepted$/m);
  });

  it('ends with 78 where one of their settings cannot be used', async (t) => {
    const env = { SOURCES: 'billing:stripe' };
    const { code, stdout, stderr } = await oncebox(t, ['sources'], { env });
    assert.deepEqual([code, stdout], [78, '']);
    assert.match(stderr, /^oncebox: SOURCE_BILLING_SECRET /);
  });
});

describe('oncebox config', () => {
  it('shows the settings of sources, with what is secret masked', async (t) => {
    const { code, stdout, stderr } = await oncebox(t, ['config'], { env: SOURCES });
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^SOURCES +whatsapp:meta,.* +environment$/m);
    assert.match(stdout, /^SOURCE_SMS_PUBLIC_URL +https:\/\/hooks\.example\.com\S+ +environment$/m);
    const hidden = Object.entries(SOURCES).filter(([name]) => /SECRET|TOKEN/.test(name));
    assert.ok(hidden.length > 5);
    for (const [name, value] of hidden) {
      assert.match(stdout, new RegExp(`^${name} +\\*{8} +environment$`, 'm'));
      assert.ok(!stdout.includes(value ?? ''), name);
    }
  });

  it('masks the secret of a source that it cannot use, and a misspelt one', async (t) => {
    const env = { SOURCES: 'x:nope', SOURCE_X_SECRET: 'the-first', SOURCE_X_SECERT: 'the-second' };
    const { code, stdout, stderr } = await oncebox(t, ['config'], { env });
    assert.equal(code, 78);
    assert.ok(!/the-first|the-second/.test(stdout + stderr));
  });
});
