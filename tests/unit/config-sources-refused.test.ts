// Settings of named sources that cannot be used: each is refused in words that name the variable, and never repeat a secret.
import { describe, it } from 'node:test';
import {
  assertRefused,
  type Environment,
  FILES,
  fileWith,
  HIDDEN,
  STANDARD,
} from './source-settings.ts';

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
      assertRefused(env, message);
    });
  }
});
