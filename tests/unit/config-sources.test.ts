// SOURCES and the settings of each source: what is read of them, each refusal by its words, and that no secret is ever repeated.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { readConfig } from '../../app/config/config.ts';
import { ConfigError } from '../../app/config/config-error.ts';
import { describeSettings } from '../../app/config/describe.ts';
import { SCHEMES } from '../../app/model/source.ts';
import { schemeOf } from '../../app/sources/registry.ts';
import type { Source } from '../../app/sources/scheme.ts';
import { temporaryDirectory } from '../support/cleanup.ts';

type Environment = Readonly<Record<string, string>>;

/** A secret that every scheme but Standard Webhooks takes, and that no message may repeat. */
const HIDDEN = 'hidden-0123456789abcdef';
const STANDARD = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const FILES = temporaryDirectory({ after });

function fileWith(name: string, content: string | Buffer): string {
  const path = join(FILES, name);
  writeFileSync(path, content);
  return path;
}

function read(env: Environment): readonly Source[] {
  return readConfig({ WEBHOOK_SECRET: 'core', ...env }).sources;
}

describe('SOURCES', () => {
  it('is none where it is unset or empty', () => {
    assert.deepEqual(read({}), []);
    assert.deepEqual(read({ SOURCES: '' }), []);
  });

  it('has sources in their order, each with its scheme and its limits', () => {
    const env = {
      SOURCES: ' whatsapp:meta, my-shop:shopify ,billing:stripe',
      SOURCE_WHATSAPP_SECRET: HIDDEN,
      SOURCE_WHATSAPP_VERIFY_TOKEN: 'token',
      SOURCE_MY_SHOP_SECRET: HIDDEN,
      SOURCE_MY_SHOP_MAX_BODY_BYTES: '1000',
      SOURCE_BILLING_SECRET: HIDDEN,
      SOURCE_BILLING_SECRET_PREVIOUS: `${HIDDEN}-old`,
    };
    assert.deepEqual(
      read(env).map(({ receiver: _, ...source }) => source),
      [
        { name: 'whatsapp', scheme: 'meta', bodyBytesMax: 4_194_304, hasPrevious: false },
        { name: 'my-shop', scheme: 'shopify', bodyBytesMax: 1_000, hasPrevious: false },
        { name: 'billing', scheme: 'stripe', bodyBytesMax: 4_194_304, hasPrevious: true },
      ],
    );
  });

  it('has as many as 64', () => {
    const env = (count: number): Environment => {
      const names = Array.from({ length: count }, (_, index) => `s${index}`);
      return {
        SOURCES: names.map((name) => `${name}:github`).join(),
        ...Object.fromEntries(names.map((name) => [`SOURCE_${name.toUpperCase()}_SECRET`, HIDDEN])),
      };
    };
    assert.equal(read(env(64)).length, 64);
    assert.throws(() => read(env(65)), /^ConfigError: SOURCES must name at most 64 sources$/);
  });
});

describe('a secret of a source', () => {
  const signed = (sources: readonly Source[]): string =>
    JSON.stringify(sources[0]?.receiver.sign(Buffer.from('{}'), { nowMs: 0, id: 'i' }));
  const inline = signed(read({ SOURCES: 'a:github', SOURCE_A_SECRET: HIDDEN }));

  for (const [what, content] of [
    ['without a line feed', HIDDEN],
    ['with one', `${HIDDEN}\n`],
    ['with one as on Windows', `${HIDDEN}\r\n`],
  ] as const)
    it(`may be in a file, ${what}`, () => {
      const SOURCE_A_SECRET_FILE = fileWith(what, content);
      assert.equal(signed(read({ SOURCES: 'a:github', SOURCE_A_SECRET_FILE })), inline);
    });

  it('may be that of another source, also of the same scheme', () => {
    const env = { SOURCES: 'a:github,b:github', SOURCE_A_SECRET: HIDDEN, SOURCE_B_SECRET: HIDDEN };
    assert.equal(read(env).length, 2);
  });

  it('means what its scheme says, whatever it looks like', () => {
    for (const scheme of ['stripe', 'standard'] as const)
      assert.equal(read({ SOURCES: `a:${scheme}`, SOURCE_A_SECRET: STANDARD }).length, 1);
    const [stripe, standard] = (['stripe', 'standard'] as const).map((scheme) =>
      schemeOf(scheme).key(Buffer.from(STANDARD)),
    );
    assert.equal(stripe?.toString(), STANDARD);
    assert.deepEqual(standard, Buffer.alloc(32, 7));
  });

  it('is tolerated under a variable of reproducible builds', () => {
    assert.deepEqual(read({ SOURCE_DATE_EPOCH: '1735689600' }), []);
  });
});

const github = { SOURCES: 'a:github', SOURCE_A_SECRET: HIDDEN };
const meta = { SOURCES: 'a:meta', SOURCE_A_SECRET: HIDDEN, SOURCE_A_VERIFY_TOKEN: 'token' };
const twilio = {
  SOURCES: 'a:twilio',
  SOURCE_A_SECRET: HIDDEN,
  SOURCE_A_PUBLIC_URL: 'https://example.com/webhook/a',
};
const stripe = { SOURCES: 'a:stripe', SOURCE_A_SECRET: HIDDEN };
const hmac = { SOURCES: 'a:hmac', SOURCE_A_SECRET: HIDDEN, SOURCE_A_HEADER: 'X-Sig' };

/** What is refused, and how the message goes on after "ConfigError: ". */
const REFUSED: readonly (readonly [env: Environment, message: RegExp])[] = [
  // The list.
  [{ SOURCES: 'a' }, /^SOURCES must be a list such as .*"a" is not a name, a colon and a scheme$/],
  [{ SOURCES: 'a:github:b' }, /^SOURCES must be a list such as /],
  [{ SOURCES: 'a:github,' }, /^SOURCES must be a list such as /],
  [{ SOURCES: ',' }, /^SOURCES must be a list such as /],
  [{ SOURCES: ' ' }, /^SOURCES must be a list such as /],
  [{ SOURCES: ':github' }, /^SOURCES: "" is not a name/],
  [{ SOURCES: 'A:github' }, /^SOURCES: "A" is not a name/],
  [{ SOURCES: 'a_b:github' }, /^SOURCES: "a_b" is not a name/],
  [{ SOURCES: `${'a'.repeat(33)}:github` }, /^SOURCES: "a+" is not a name/],
  [{ SOURCES: 'default:github' }, /^SOURCES: default is the source of POST \/webhook/],
  [{ SOURCES: 'default' }, /^SOURCES: default is the source of POST \/webhook/],
  [{ ...github, SOURCES: 'a:github,a:meta' }, /^SOURCES: the name a is there twice/],
  [
    { ...github, SOURCES: 'a:githup' },
    /^SOURCES: "githup" is not a scheme: did you mean github\?$/,
  ],
  [{ ...github, SOURCES: 'a:Meta' }, /^SOURCES: "Meta" is not a scheme: did you mean meta\?$/],
  [
    { ...github, SOURCES: 'a:whatsapp' },
    /^SOURCES: "whatsapp" is not a scheme: there are oncebox, /,
  ],
  [{ ...github, SOURCES: 'a:' }, /^SOURCES: "" is not a scheme/],
  // Variables of no source.
  [{ SOURCE_A_SECRET: HIDDEN }, /^SOURCE_A_SECRET is not a setting: no names are configured$/],
  [
    { ...github, SOURCE_B_SECRET: HIDDEN },
    /^SOURCE_B_SECRET is not a setting: did you mean SOURCE_A_SECRET\?$/,
  ],
  [
    { ...github, SOURCE_A_SECRT: HIDDEN },
    /^SOURCE_A_SECRT is not a setting: did you mean SOURCE_A_SECRET\?$/,
  ],
  [{ ...github, SOURCE_A: HIDDEN }, /^SOURCE_A is not a setting/],
  // Secrets.
  [{ SOURCES: 'a:github' }, /^SOURCE_A_SECRET is not set/],
  [{ SOURCES: 'a:github', SOURCE_A_SECRET_PREVIOUS: HIDDEN }, /^SOURCE_A_SECRET is not set/],
  [{ ...github, SOURCE_A_SECRET: ' \t' }, /^SOURCE_A_SECRET is blank/],
  [{ ...github, SOURCE_A_SECRET: 'a\ufffdb' }, /^SOURCE_A_SECRET holds bytes that are not UTF-8/],
  [
    { ...github, SOURCE_A_SECRET_FILE: fileWith('beside', HIDDEN) },
    /^SOURCE_A_SECRET and SOURCE_A_SECRET_FILE are both set/,
  ],
  [
    { SOURCES: 'a:github', SOURCE_A_SECRET_FILE: '/no/such/file' },
    /^SOURCE_A_SECRET_FILE: .*ENOENT/,
  ],
  [{ SOURCES: 'a:github', SOURCE_A_SECRET_FILE: FILES }, /^SOURCE_A_SECRET_FILE: .*EISDIR/],
  [
    { SOURCES: 'a:github', SOURCE_A_SECRET_FILE: fileWith('blank', '\n') },
    /^SOURCE_A_SECRET_FILE is blank/,
  ],
  [
    { SOURCES: 'a:github', SOURCE_A_SECRET_FILE: fileWith('bytes', Buffer.from([0xff])) },
    /^SOURCE_A_SECRET_FILE holds bytes that are not UTF-8/,
  ],
  [
    { ...github, SOURCE_A_SECRET_PREVIOUS: HIDDEN },
    /^SOURCE_A_SECRET_PREVIOUS is the same key as SOURCE_A_SECRET: /,
  ],
  [
    { ...github, SOURCE_A_SECRET_PREVIOUS_FILE: fileWith('same', `${HIDDEN}\n`) },
    /^SOURCE_A_SECRET_PREVIOUS_FILE is the same key as SOURCE_A_SECRET: /,
  ],
  [{ ...github, SOURCE_A_SECRET_PREVIOUS: ' ' }, /^SOURCE_A_SECRET_PREVIOUS is blank/],
  [
    { SOURCES: 'a:standard', SOURCE_A_SECRET: `whsec_${HIDDEN}!` },
    /^SOURCE_A_SECRET is not base64/,
  ],
  [
    {
      SOURCES: 'a:standard',
      SOURCE_A_SECRET: STANDARD,
      SOURCE_A_SECRET_PREVIOUS: 'whsec_c2hvcnQ=',
    },
    /^SOURCE_A_SECRET_PREVIOUS holds 5 bytes in base64/,
  ],
  [
    { SOURCES: 'a:github', SOURCE_A_SECRET_FILE: fileWith('token', `ghp_${HIDDEN}`) },
    /^SOURCE_A_SECRET_FILE is an access token/,
  ],
  // Limits.
  ...['0', '-1', '1e6', 'abc', '1.5', '67108865', ' '].map((value): [Environment, RegExp] => [
    { ...github, SOURCE_A_MAX_BODY_BYTES: value },
    /^SOURCE_A_MAX_BODY_BYTES must be a whole number from 1 to 67108864, not /,
  ]),
  ...['0', '-1', 'abc', '1.5'].map((value): [Environment, RegExp] => [
    { ...stripe, SOURCE_A_TOLERANCE_SECONDS: value },
    /^SOURCE_A_TOLERANCE_SECONDS must be a whole number/,
  ]),
  // Settings that a scheme needs, or does not have.
  [
    { ...meta, SOURCE_A_VERIFY_TOKEN: '' },
    /^SOURCE_A_VERIFY_TOKEN is not set: .* scheme meta needs it$/,
  ],
  [{ ...meta, SOURCE_A_VERIFY_TOKEN: ' ' }, /^SOURCE_A_VERIFY_TOKEN is blank/],
  [
    { ...twilio, SOURCE_A_PUBLIC_URL: '' },
    /^SOURCE_A_PUBLIC_URL is not set: .* scheme twilio needs it$/,
  ],
  [{ ...twilio, SOURCE_A_PUBLIC_URL: 'example.com' }, /^SOURCE_A_PUBLIC_URL is not a URL/],
  [{ ...hmac, SOURCE_A_HEADER: '' }, /^SOURCE_A_HEADER is not set: .* scheme hmac needs it$/],
  [
    { ...github, SOURCE_A_PUBLIC_URL: 'https://example.com' },
    /^SOURCE_A_PUBLIC_URL is for the scheme twilio, and this source has the scheme github$/,
  ],
  [{ ...github, SOURCE_A_VERIFY_TOKEN: HIDDEN }, /^SOURCE_A_VERIFY_TOKEN is for the scheme meta, /],
  [
    { ...github, SOURCE_A_VERIFY_TOKEN_FILE: '/x' },
    /^SOURCE_A_VERIFY_TOKEN_FILE is for the scheme meta, /,
  ],
  [
    { ...github, SOURCE_A_TOLERANCE_SECONDS: '60' },
    /^SOURCE_A_TOLERANCE_SECONDS is for the schemes standard, stripe, slack, hmac, /,
  ],
  [{ ...meta, SOURCE_A_HEADER: 'X-Sig' }, /^SOURCE_A_HEADER is for the scheme hmac, /],
  // The parts of a signature.
  [{ ...hmac, SOURCE_A_HASH: 'md5' }, /^SOURCE_A_HASH must be one of /],
  [{ ...hmac, SOURCE_A_ENCODING: 'base32' }, /^SOURCE_A_ENCODING must be one of /],
  [{ ...hmac, SOURCE_A_SIGNED: '{timestamp}' }, /^SOURCE_A_SIGNED has no \{body\}/],
  [{ ...hmac, SOURCE_A_SIGNED: '{timestamp}.{body}' }, /^SOURCE_A_TIMESTAMP_HEADER is not set, /],
  [{ ...hmac, SOURCE_A_TIMESTAMP_HEADER: 'X-T' }, /^SOURCE_A_TIMESTAMP_HEADER is set, /],
  [{ ...hmac, SOURCE_A_ID_POINTER: 'id' }, /^SOURCE_A_ID_POINTER must be a JSON pointer/],
  [
    { ...hmac, SOURCES: 'a:hmac,a-id:hmac', SOURCE_A_ID_SECRET: HIDDEN, SOURCE_A_ID_HEADER: 'X-I' },
    /^SOURCE_A_ID_HEADER would belong to two names: rename a-id$/,
  ],
];

describe('a setting that cannot be used is refused by its name', () => {
  for (const [env, message] of REFUSED) {
    const { SOURCES, ...others } = env;
    it(`${SOURCES ?? ''} ${JSON.stringify(others)} ${message.source}`.replaceAll(FILES, ''), () => {
      assert.throws(
        () => read(env),
        (error) => {
          assert.ok(error instanceof ConfigError, String(error));
          assert.match(error.message, message);
          assert.ok(!error.message.includes(HIDDEN), error.message);
          return true;
        },
      );
    });
  }
});

it('what is shown of the settings has the values of some, and of secrets only that they are set', () => {
  const secret = {
    SOURCE_A_SECRET: HIDDEN,
    SOURCE_A_SECRET_PREVIOUS: HIDDEN,
    SOURCE_A_VERIFY_TOKEN: HIDDEN,
  };
  const plain = {
    SOURCES: 'a:meta',
    SOURCE_A_SECRET_FILE: '/run/secrets/a',
    SOURCE_A_VERIFY_TOKEN_FILE: '/run/secrets/b',
    SOURCE_A_MAX_BODY_BYTES: '5',
    SOURCE_A_TYPE_POINTER: '/type',
  };
  const shown = new Map(
    describeSettings({
      ...secret,
      ...plain,
      SOURCE_A_SECERT: HIDDEN,
      SOURCE_A_PUBLIC_URL: `https://user:${HIDDEN}@example.com/a`,
      SOURCE_DATE_EPOCH: '1',
    }).map(({ name, value }) => [name, value]),
  );
  for (const [name, value] of Object.entries(plain)) assert.equal(shown.get(name), value);
  for (const name of [...Object.keys(secret), 'SOURCE_A_SECERT'])
    assert.equal(shown.get(name), '********');
  assert.equal(shown.get('SOURCE_A_PUBLIC_URL'), 'https://********@example.com/a');
  assert.ok(!shown.has('SOURCE_DATE_EPOCH'));
});

/** Variables of sources with any values: most of them cannot be used. */
const environments = fc
  .record({
    sources: fc.array(
      fc.tuple(
        fc.constantFrom('a', 'b', 'a-id', 'default', 'x y'),
        fc.constantFrom(...SCHEMES, 'nope'),
      ),
      { maxLength: 3 },
    ),
    settings: fc.dictionary(
      fc
        .tuple(
          fc.constantFrom('A', 'B', 'A_ID'),
          fc.constantFrom(
            'SECRET',
            'SECRET_PREVIOUS',
            'SECRET_FILE',
            'VERIFY_TOKEN',
            'PUBLIC_URL',
            'MAX_BODY_BYTES',
            'TOLERANCE_SECONDS',
            'HEADER',
            'SIGNED',
            'HASH',
            'ID_POINTER',
          ),
        )
        .map((parts) => `SOURCE_${parts.join('_')}`),
      fc.oneof(
        fc.constantFrom(STANDARD, 'X-Sig', '{body}', 'https://example.com/', '60', '/id', 'sha256'),
        fc.string({ minLength: 1, maxLength: 40 }),
      ),
    ),
  })
  .map(({ sources, settings }) => ({
    SOURCES: sources.map((pair) => pair.join(':')).join(),
    ...settings,
  }));

it('whatever the variables hold, they are usable or refused in words of ours', () => {
  const secrets = /_(?:SECRET|SECRET_PREVIOUS|VERIFY_TOKEN)$/;
  fc.assert(
    fc.property(environments, (env: Environment) => {
      let told: string;
      try {
        told = JSON.stringify(read(env).map(({ name }) => name));
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        assert.match(error.message, /SOURCE/);
        told = error.message;
      }
      const shown = describeSettings(env).filter(({ name }) => secrets.test(name));
      told += JSON.stringify(shown);
      for (const [name, value] of Object.entries(env))
        // A short value may be part of a word of the message.
        if (secrets.test(name) && value.length > 12) assert.ok(!told.includes(value), told);
    }),
    { numRuns: 2_000 },
  );
});
