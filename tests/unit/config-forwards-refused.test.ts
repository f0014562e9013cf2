// Settings of destinations that cannot be used: each is refused in words that name the variable, and never repeat a secret.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readConfig } from '../../app/config/config.ts';
import { assertRefused, type Environment, HIDDEN, STANDARD } from './source-settings.ts';

const URL = `http://user:${HIDDEN}@localhost:3000/?token=${HIDDEN}`;
const app = { FORWARDS: 'app', FORWARD_APP_URL: URL, FORWARD_APP_SECRET: STANDARD };
const raw = {
  FORWARDS: 'app',
  FORWARD_APP_URL: URL,
  FORWARD_APP_MODE: 'raw',
  SOURCES: 'a:github',
  SOURCE_A_SECRET: HIDDEN,
};
const many = Array.from({ length: 17 }, (_, at) => `a${at}`).join(',');

/** What is refused, and how the message begins. */
const REFUSED: readonly (readonly [env: Environment, message: RegExp])[] = [
  // The list.
  [{ FORWARDS: 'A' }, /^FORWARDS: "A" is not a name/],
  [{ FORWARDS: 'app,' }, /^FORWARDS: "" is not a name/],
  [{ FORWARDS: many }, /^FORWARDS must name at most 16 destinations/],
  [{ ...app, FORWARDS: 'attempts' }, /^FORWARDS: attempts is a path of the API/],
  [{ ...app, FORWARDS: 'app,app' }, /^FORWARDS: the name app is there twice/],
  // Variables of no destination.
  [{ FORWARD_CRM_URL: URL }, /^FORWARD_CRM_URL is not a setting: no names are configured$/],
  [{ ...app, FORWARD_APP_SECRT: HIDDEN }, /^FORWARD_APP_SECRT is not a setting: did you mean/],
  // Where to.
  [{ FORWARDS: 'app', FORWARD_APP_SECRET: STANDARD }, /^FORWARD_APP_URL is not set/],
  [{ ...app, FORWARD_APP_URL: `localhost/${HIDDEN}` }, /^FORWARD_APP_URL must be a URL/],
  [{ ...app, FORWARD_APP_URL: `ftp://${HIDDEN}@a/` }, /^FORWARD_APP_URL must be a URL/],
  [{ ...app, FORWARD_APP_URL: `http://a/#${HIDDEN}` }, /^FORWARD_APP_URL must have no #/],
  [
    { ...app, FORWARD_APP_URL: `http://u:%zz${HIDDEN}@a/` },
    /^FORWARD_APP_URL has a part that is not percent-encoded UTF-8$/,
  ],
  // Keys.
  [{ FORWARDS: 'app', FORWARD_APP_URL: URL }, /^FORWARD_APP_SECRET is not set/],
  [{ ...app, FORWARD_APP_SECRET: HIDDEN }, /^FORWARD_APP_SECRET /],
  [{ ...app, FORWARD_APP_SECRET_PREVIOUS: HIDDEN }, /^FORWARD_APP_SECRET_PREVIOUS /],
  [{ ...app, FORWARD_APP_SECRET_PREVIOUS: STANDARD }, /^FORWARD_APP_SECRET_PREVIOUS is the same/],
  [{ ...raw, FORWARD_APP_SECRET_PREVIOUS: STANDARD }, /^FORWARD_APP_SECRET_PREVIOUS is set/],
  // What.
  [{ ...app, FORWARD_APP_MODE: 'batch' }, /^FORWARD_APP_MODE must be one of item, raw/],
  [{ ...app, FORWARD_APP_MODE: 'raw' }, /^FORWARD_APP_SOURCES: there is nothing to forward/],
  [{ ...raw, FORWARD_APP_SOURCES: 'default' }, /^FORWARD_APP_SOURCES: of the source default/],
  [{ ...app, FORWARD_APP_SOURCES: 'defualt' }, /^FORWARD_APP_SOURCES: .* did you mean default/],
  [{ ...app, FORWARD_APP_TYPES: 'messages' }, /^FORWARD_APP_TYPES: "messages" is no type/],
  [{ ...app, FORWARD_APP_TYPES: 'event.a*b' }, /^FORWARD_APP_TYPES: "event.a\*b" is no type/],
  [{ ...raw, FORWARD_APP_TYPES: 'message' }, /^FORWARD_APP_TYPES is for the mode item/],
  [{ ...app, FORWARD_APP_START: 'then' }, /^FORWARD_APP_START must be one of now, beginning/],
  // How.
  [{ ...app, FORWARD_APP_ORDER: 'fifo' }, /^FORWARD_APP_ORDER must be one of/],
  [{ ...app, FORWARD_APP_CONCURRENCY: '0' }, /^FORWARD_APP_CONCURRENCY /],
  [{ ...app, FORWARD_APP_TIMEOUT_MS: '99' }, /^FORWARD_APP_TIMEOUT_MS /],
  [{ ...app, FORWARD_APP_RATE_PER_SECOND: '0' }, /^FORWARD_APP_RATE_PER_SECOND /],
  [{ ...app, FORWARD_APP_RETRY_HOURS: '8761' }, /^FORWARD_APP_RETRY_HOURS /],
];

describe('settings of destinations that are refused', () => {
  for (const [env, message] of REFUSED)
    it(String(message), () => {
      assertRefused(env, message);
    });

  it('and those that they are made of are not', () => {
    for (const env of [app, raw])
      assert.equal(readConfig({ WEBHOOK_SECRET: 'x', ...env }).forwards.length, 1);
  });
});
