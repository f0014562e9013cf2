// Settings of destinations: what they mean, and what is refused in words that name the variable and repeat no secret.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readConfig } from '../../app/config/config.ts';
import { ConfigError } from '../../app/config/config-error.ts';
import { describeSettings } from '../../app/config/describe.ts';
import { type Environment, FILES, HIDDEN, STANDARD, fileWith } from './source-settings.ts';

const OTHER = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const URL_WITH_PASSWORD = `https://user:${HIDDEN}@example.com/in?token=${HIDDEN}`;
const base = { WEBHOOK_SECRET: HIDDEN };
const app = { FORWARDS: 'app', FORWARD_APP_URL: URL_WITH_PASSWORD, FORWARD_APP_SECRET: STANDARD };
const raw = { FORWARDS: 'app', FORWARD_APP_URL: URL_WITH_PASSWORD, FORWARD_APP_MODE: 'raw' };
const shop = { SOURCES: 'shop:github', SOURCE_SHOP_SECRET: HIDDEN };

it('nothing is forwarded unless FORWARDS is set', () => {
  assert.deepEqual(readConfig(base).forwards, []);
});

it('a destination has defaults', () => {
  const [destination] = readConfig({ ...base, ...app }).forwards;
  assert.deepEqual(destination, {
    name: 'app',
    mode: 'item',
    url: URL_WITH_PASSWORD,
    keys: { current: Buffer.alloc(32, 7), previous: null },
    sources: null,
    types: null,
    start: 'now',
    order: 'sender',
    concurrency: 8,
    timeoutMs: 15_000,
    ratePerSecond: null,
    retryHours: 72,
  });
});

it('each setting has its effect', () => {
  const env = {
    ...base,
    ...shop,
    ...app,
    FORWARDS: 'my-app, app',
    FORWARD_MY_APP_URL: 'http://localhost:3000',
    FORWARD_MY_APP_SECRET_FILE: fileWith('forward-key', `${STANDARD}\n`),
    FORWARD_MY_APP_SECRET_PREVIOUS: OTHER,
    FORWARD_MY_APP_SOURCES: 'default, shop',
    FORWARD_MY_APP_TYPES: 'message, event.pull_*',
    FORWARD_MY_APP_START: 'beginning',
    FORWARD_MY_APP_ORDER: 'strict',
    FORWARD_MY_APP_CONCURRENCY: '1',
    FORWARD_MY_APP_TIMEOUT_MS: '500',
    FORWARD_MY_APP_RATE_PER_SECOND: '10',
    FORWARD_MY_APP_RETRY_HOURS: '0',
  };
  const { forwards } = readConfig(env);
  assert.deepEqual(
    forwards.map(({ name }) => name),
    ['my-app', 'app'],
  );
  assert.deepEqual(forwards[0], {
    name: 'my-app',
    mode: 'item',
    url: 'http://localhost:3000',
    keys: { current: Buffer.alloc(32, 7), previous: Buffer.alloc(32, 9) },
    sources: ['default', 'shop'],
    types: ['message', 'event.pull_*'],
    start: 'beginning',
    order: 'strict',
    concurrency: 1,
    timeoutMs: 500,
    ratePerSecond: 10,
    retryHours: 0,
  });
});

it('one that gets deliveries as they came needs no key', () => {
  const [destination] = readConfig({ ...base, ...shop, ...raw }).forwards;
  assert.deepEqual([destination?.mode, destination?.keys], ['raw', null]);
});

const REFUSED: readonly (readonly [env: Environment, message: RegExp])[] = [
  [{ ...app, FORWARDS: 'app,app' }, /^FORWARDS: the name app is there twice$/],
  [{ ...app, FORWARDS: 'App' }, /^FORWARDS: "App" is not a name/],
  [{ ...app, FORWARDS: 'app,' }, /^FORWARDS: "" is not a name/],
  [{ ...app, FORWARDS: 'attempts' }, /^FORWARDS: attempts is a path of the API: choose another/],
  [{ ...app, FORWARDS: Array.from({ length: 17 }, (_, at) => `a${at}`).join() }, /at most 16/],
  [{ FORWARD_APP_URL: 'http://localhost' }, /^FORWARD_APP_URL is not a setting/],
  [
    { ...app, FORWARD_APP_SECRETT: HIDDEN },
    /^FORWARD_APP_SECRETT is not a setting: did you mean FORWARD_APP_SECRET\?$/,
  ],
  [{ ...app, FORWARD_APP_URL: '' }, /^FORWARD_APP_URL is not set: /],
  [
    { ...app, FORWARD_APP_URL: `ftp://${HIDDEN}@localhost` },
    /^FORWARD_APP_URL must be a URL that begins with http/,
  ],
  [{ ...app, FORWARD_APP_URL: `http://${HIDDEN}@` }, /^FORWARD_APP_URL must be a URL/],
  [{ ...app, FORWARD_APP_URL: `http://localhost/#${HIDDEN}` }, /^FORWARD_APP_URL must have no #/],
  [{ ...app, FORWARD_APP_SECRET: '' }, /^FORWARD_APP_SECRET is not set: /],
  [{ ...app, FORWARD_APP_SECRET: HIDDEN }, /^FORWARD_APP_SECRET is not base64/],
  [
    { ...app, FORWARD_APP_SECRET_FILE: FILES },
    /^FORWARD_APP_SECRET and FORWARD_APP_SECRET_FILE are both set/,
  ],
  [
    { ...app, FORWARD_APP_SECRET_PREVIOUS: STANDARD },
    /^FORWARD_APP_SECRET_PREVIOUS is the same key/,
  ],
  [
    { ...shop, ...raw, FORWARD_APP_SECRET_PREVIOUS: OTHER },
    /^FORWARD_APP_SECRET_PREVIOUS is set, and FORWARD_APP_SECRET is not$/,
  ],
  [{ ...app, FORWARD_APP_MODE: 'Raw' }, /^FORWARD_APP_MODE must be one of item, raw, not "Raw"$/],
  [raw, /^FORWARD_APP_SOURCES: there is nothing to forward as it came/],
  [
    { ...shop, ...raw, FORWARD_APP_SOURCES: 'shop,default' },
    /^FORWARD_APP_SOURCES: of the source default no deliveries are kept/,
  ],
  [{ ...shop, ...raw, FORWARD_APP_TYPES: 'message' }, /^FORWARD_APP_TYPES is for the mode item/],
  [
    { ...shop, ...app, FORWARD_APP_SOURCES: 'shopp' },
    /^FORWARD_APP_SOURCES: "shopp" is not a source: did you mean shop\?$/,
  ],
  ...['messages', 'event', 'event.', '*', 'message.a*b', ''].map(
    (type) =>
      [
        { ...app, FORWARD_APP_TYPES: `message,${type}` },
        /^FORWARD_APP_TYPES: ".*" is no type/,
      ] as const,
  ),
  [{ ...app, FORWARD_APP_START: 'today' }, /^FORWARD_APP_START must be one of now, beginning/],
  [{ ...app, FORWARD_APP_ORDER: 'any' }, /^FORWARD_APP_ORDER must be one of sender, strict, none/],
  [
    { ...app, FORWARD_APP_CONCURRENCY: '0' },
    /^FORWARD_APP_CONCURRENCY must be a whole number from 1 to 256/,
  ],
  [{ ...app, FORWARD_APP_TIMEOUT_MS: '1.5' }, /^FORWARD_APP_TIMEOUT_MS must be a whole number/],
  [{ ...app, FORWARD_APP_RATE_PER_SECOND: '-1' }, /^FORWARD_APP_RATE_PER_SECOND must be/],
  [
    { ...app, FORWARD_APP_RETRY_HOURS: '8761' },
    /^FORWARD_APP_RETRY_HOURS must be a whole number from 0 to 8760/,
  ],
];

describe('what cannot be used is refused', () => {
  for (const [env, message] of REFUSED)
    it(String(message), () =>
      assert.throws(
        () => readConfig({ ...base, ...env }),
        (error) => {
          assert.ok(error instanceof ConfigError);
          assert.match(error.message, message);
          assert.ok(!error.message.includes(HIDDEN), error.message);
          return true;
        },
      ),
    );
});

it('a description shows neither keys nor what may be secret in a URL', () => {
  const text = JSON.stringify(describeSettings({ ...base, ...app, FORWARD_APP_SECRETT: HIDDEN }));
  assert.ok(!text.includes(HIDDEN) && !text.includes(STANDARD), text);
  assert.ok(text.includes('https://********@example.com/in?token=********'), text);
});

describe('a description of a URL', () => {
  for (const [url, described] of [
    ['https://example.com/in', 'https://example.com/in'],
    [`https://example.com/in?${HIDDEN}`, 'https://example.com/in?********'],
    [
      `https://example.com/in?a=${HIDDEN}=${HIDDEN}&${HIDDEN}`,
      'https://example.com/in?a=********&********',
    ],
    [`https:///user:${HIDDEN}@example.com/in`, 'https:///********@example.com/in'],
    // These cannot be used, and are shown before that is known.
    [`https://user:${HIDDEN}/2@example.com/in`, '********'],
    [`https:user:${HIDDEN}@example.com/in`, '********'],
    [`user:${HIDDEN}@example.com`, '********'],
  ] as const)
    it(`hides what may be secret: ${described}`, () => {
      const shown = describeSettings({ ...base, ...app, FORWARD_APP_URL: url });
      assert.equal(shown.find(({ name }) => name === 'FORWARD_APP_URL')?.value, described);
    });
});
