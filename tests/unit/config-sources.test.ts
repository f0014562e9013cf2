// SOURCES and the settings of each source: what is read of them and shown, and that no secret is ever repeated, whatever they hold.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readConfig } from '../../app/config/config.ts';
import { ConfigError } from '../../app/config/config-error.ts';
import { describeSettings } from '../../app/config/describe.ts';
import { SCHEMES } from '../../app/model/source.ts';
import { schemeOf } from '../../app/sources/registry.ts';
import type { Source } from '../../app/sources/scheme.ts';
import { type Environment, fileWith, HIDDEN, STANDARD } from './source-settings.ts';

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
      read(env).map(({ name, scheme, bodyBytesMax, hasPrevious }) => ({
        name,
        scheme,
        bodyBytesMax,
        hasPrevious,
      })),
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
      // What is no secret, such as the path of a file, may be told, also where a secret is the same.
      const open = Object.entries(env).filter(([name]) => !secrets.test(name));
      for (const [name, value] of Object.entries(env))
        // A short value may be part of a word of the message.
        if (secrets.test(name) && value.length > 12 && open.every(([, text]) => text !== value))
          assert.ok(!told.includes(value), told);
    }),
    { numRuns: 2_000 },
  );
});
