// `oncebox sign` as providers do it: against the vectors that they publish, and against the real service.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { startService } from '../support/service.ts';
import { oncebox } from './oncebox.ts';
import { BODIES, fileOf, SOURCES } from './providers.ts';

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
    { args: ['--scheme', 'standard', '--id', 'a\nX-Evil: 1'], says: /printable ASCII/ },
    { args: ['--scheme', 'standard', '--id', ''], says: /printable ASCII/ },
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
