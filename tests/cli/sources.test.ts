// `oncebox sign` and `send` as providers do it, against published vectors and the real service; and how sources are shown.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from '../support/cleanup.ts';
import { type Service, startService } from '../support/service.ts';
import { oncebox } from './oncebox.ts';
import { BODIES, SOURCES } from './providers.ts';

const service = await startService({ after }, { env: SOURCES });

/** The headers that `oncebox sign` printed. */
function headersIn(stdout: string): Record<string, string> {
  const lines = stdout.trimEnd().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = '', value = ''] = /^([A-Za-z0-9-]+): (.+)$/.exec(line) ?? [];
      assert.notEqual(name, '', line);
      return [name.toLowerCase(), value];
    }),
  );
}

/** Writes a body to a file of its own. */
function fileOf(t: TestContext, body: string): string {
  const file = join(temporaryDirectory(t), 'body');
  writeFileSync(file, body);
  return file;
}

/** What the service counts of a source. */
async function countsOf(of: Service, name: string): Promise<[messages: number, events: number]> {
  const { data } = (await of.get('/sources')).json() as {
    data: { source: string; messages: number; events: number }[];
  };
  const found = data.find(({ source }) => source === name);
  assert.ok(found !== undefined);
  return [found.messages, found.events];
}

describe('oncebox sign --scheme', () => {
  // Each from the documentation or the tests of its provider.
  const vectors = [
    {
      args: ['--scheme', 'github'],
      secret: "It's a Secret to Everybody",
      body: 'Hello, World!',
      header: 'x-hub-signature-256',
      value: 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    },
    {
      args: ['--scheme', 'meta'],
      secret: "It's a Secret to Everybody",
      body: 'Hello, World!',
      header: 'x-hub-signature-256',
      value: 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    },
    {
      args: [
        '--scheme',
        'standard',
        '--id',
        'msg_p5jXN8AQM9LWM0D4loKWxJek',
        '--at',
        '2021-02-25T15:02:10Z',
      ],
      secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      body: '{"test": 2432232314}',
      header: 'webhook-signature',
      value: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
    {
      args: ['--scheme', 'slack', '--at', '2018-07-12T18:36:58Z'],
      secret: '8f742231b10e8888abcd99yyyzzz85a5',
      body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
      header: 'x-slack-signature',
      value: 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    },
    {
      args: ['--scheme', 'twilio', '--url', 'https://mycompany.com/myapp.php?foo=1&bar=2'],
      secret: '12345',
      body: 'CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212',
      header: 'x-twilio-signature',
      value: 'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
    },
  ] as const;
  for (const { args, secret, body, header, value } of vectors) {
    it(`signs as the provider documents it: ${args[1]}`, async (t) => {
      const result = await oncebox(t, ['sign', ...args], {
        env: { WEBHOOK_SECRET: secret },
        stdin: body,
      });
      assert.equal(result.code, 0, result.stderr);
      assert.equal(headersIn(result.stdout)[header], value);
    });
  }

  it('has the headers in its JSON too', async (t) => {
    const args = ['sign', '--json', '--scheme', 'github', '--id', 'the-id'];
    const result = await oncebox(t, args, { stdin: '{}' });
    const { headers, query, bytes } = result.json();
    assert.equal((headers as Record<string, string>)['X-GitHub-Delivery'], 'the-id');
    assert.deepEqual([query, bytes], ['', 2]);
  });

  it('says what to add to the URL where the scheme adds something', async (t) => {
    const args = ['sign', '--scheme', 'twilio', '--url', 'https://hooks.example.com/webhook/sms'];
    const result = await oncebox(t, args, { stdin: '{"a":1}' });
    assert.equal(result.code, 0);
    assert.match(
      result.stderr,
      /\?bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862\n$/,
    );
  });

  const wrong = [
    { args: ['--scheme', 'nope'], says: /Allowed choices are oncebox, meta/ },
    { args: ['--scheme', 'github', '--source', 'code'], says: /exclude each other/ },
    { args: ['--id', 'x'], says: /--id needs --scheme or --source/ },
    { args: ['--at', '2025-01-15T10:00:00Z'], says: /--at needs --scheme or --source/ },
    { args: ['--url', 'https://hooks.example.com/'], says: /--url needs --scheme/ },
    { args: ['--scheme', 'twilio'], says: /give it with --url/ },
    { args: ['--scheme', 'hmac'], says: /needs more settings, such as HEADER/ },
  ];
  for (const { args, says } of wrong) {
    it(`is used wrongly with ${args.join(' ')}`, async (t) => {
      const { code, stdout, stderr } = await oncebox(t, ['sign', ...args], { stdin: '' });
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, says);
    });
  }

  it('refuses a secret that the scheme cannot have, without repeating it', async (t) => {
    const env = { WEBHOOK_SECRET: 'not-base64-at-all!' };
    const { code, stdout, stderr } = await oncebox(t, ['sign', '--scheme', 'standard'], { env });
    assert.deepEqual([code, stdout], [78, '']);
    assert.match(stderr, /^oncebox: WEBHOOK_SECRET /);
    assert.ok(!stderr.includes('not-base64'));
  });
});

describe('oncebox sign --source', () => {
  for (const [name, body] of Object.entries(BODIES)) {
    it(`has the headers that the service accepts: ${name}`, async (t) => {
      const result = await oncebox(t, ['sign', '--source', name, fileOf(t, body)], {
        env: SOURCES,
      });
      assert.equal(result.code, 0, result.stderr);
      const [, query = ''] = /\?(.*)\n/.exec(result.stderr) ?? [];
      const path = `/webhook/${name}?${query}`;
      const headers = headersIn(result.stdout);
      const answer = await service.send({ method: 'POST', path, headers, body: Buffer.from(body) });
      assert.equal(answer.status, 200, answer.text);
    });
  }

  it('needs a source that is configured', async (t) => {
    const { code, stderr } = await oncebox(t, ['sign', '--source', 'nope'], { env: SOURCES });
    assert.equal(code, 1);
    assert.match(stderr, /SOURCES has no source "nope": there are whatsapp, sms, billing/);
  });
});

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
