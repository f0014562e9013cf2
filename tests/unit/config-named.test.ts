// Settings of named things: which variables belong to which name, and what is said of those that belong to none.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from '../../app/config/config-error.ts';
import { readNamed } from '../../app/config/named.ts';

const SETTINGS = ['SECRET', 'SECRET_FILE', 'SCHEME'] as const;

type Environment = Readonly<Record<string, string>>;

function read(names: readonly string[], env: Environment): Record<string, unknown> {
  return Object.fromEntries(
    readNamed(env, { prefix: 'SOURCE', list: 'SOURCES', names, settings: SETTINGS }),
  );
}

function refused(names: readonly string[], env: Environment, reason: RegExp): void {
  assert.throws(
    () => read(names, env),
    (error) => error instanceof ConfigError && reason.test(error.message),
  );
}

describe('settings of named things', () => {
  it('are grouped by name, upper-cased and with _ for -', () => {
    const env = {
      SOURCE_SHOP_SECRET: 'a',
      SOURCE_MY_SHOP_2_SCHEME: 'b',
      SOURCE_MY_SHOP_2_SECRET_FILE: 'c',
      OTHER: 'd',
    };
    assert.deepEqual(read(['shop', 'my-shop-2', 'quiet'], env), {
      shop: { SECRET: 'a' },
      'my-shop-2': { SCHEME: 'b', SECRET_FILE: 'c' },
      quiet: {},
    });
  });

  it('are absent where a variable is empty, known or not', () => {
    assert.deepEqual(read(['shop'], { SOURCE_SHOP_SECRET: '', SOURCE_SHAP_SECRET: '' }), {
      shop: {},
    });
  });

  it('leave variables of other programs alone', () => {
    assert.deepEqual(read([], { SOURCE_DATE_EPOCH: '1', SOURCED: '2', RESOURCE_A: '3' }), {});
  });

  for (const [variable, meant] of [
    ['SOURCE_SHOP_SECRT', 'SOURCE_SHOP_SECRET'],
    ['SOURCE_SHOPP_SCHEME', 'SOURCE_SHOP_SCHEME'],
    ['SOURCE_SHOP_SECRET_FIEL', 'SOURCE_SHOP_SECRET_FILE'],
    ['SOURCE_BILING_SCHEME', 'SOURCE_BILLING_SCHEME'],
    ['SOURCE_SHOP', 'SOURCE_SHOP_SECRET'],
  ] as const) {
    it(`refuse ${variable} and name ${meant}, without a value`, () => {
      const env = { SOURCE_SHOP_SECRET: 's3cret', [variable]: 's3cret' };
      refused(['shop', 'billing'], env, new RegExp(`^${variable} .*did you mean ${meant}\\?$`));
      refused(['shop', 'billing'], env, /^(?!.*s3cret)/);
    });
  }

  it('refuse every variable where no names are configured', () => {
    refused([], { SOURCE_SHOP_SECRET: 'a' }, /^SOURCE_SHOP_SECRET .*no names are configured$/);
  });

  for (const name of ['', 'Shop', '1shop', '-shop', 'my_shop', 'shöp', 'shop\n', 'a'.repeat(33)]) {
    it(`refuse the name ${JSON.stringify(name)}`, () =>
      refused([name], {}, /^SOURCES: .* is not a name/));
  }

  it('take a name of 32 characters', () => {
    assert.deepEqual(read(['a'.repeat(32)], {}), { ['a'.repeat(32)]: {} });
  });

  it('refuse a name that is there twice', () => {
    refused(['shop', 'shop'], {}, /^SOURCES: the name shop is there twice/);
  });

  it('refuse two names that one variable would belong to', () => {
    const settings = ['FILE', 'SECRET_FILE'];
    const names = ['shop', 'shop-secret'];
    assert.throws(
      () => readNamed({}, { prefix: 'SOURCE', list: 'SOURCES', names, settings }),
      /^ConfigError: SOURCE_SHOP_SECRET_FILE would belong to two names/,
    );
  });
});
