// Mode `raw`: an application that verifies its providers with their own packages accepts what Oncebox hands on, unchanged.
import { sign as signForGithub, verify as verifyOfGithub } from '@octokit/webhooks-methods';
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { Stripe } from 'stripe';
import {
  getExpectedBodyHash,
  getExpectedTwilioSignature,
  validateRequestWithBody,
  webhook,
} from 'twilio/lib/webhooks/webhooks.js';
import { startService } from '../support/service.ts';
import { forwardingTo } from './forwarding.ts';
import { type Arrival, Receiver } from './receiver.ts';

/** The secrets as the settings have them, and others of the same form. */
const SECRETS = {
  billing: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  code: "It's a Secret to Everybody",
  mail: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
  sms: 'auth-token-of-twilio',
} as const;
const OTHER_SECRET = 'whsec_plJ3nmyCDGBKInavdOK15jsl';
const TWILIO_URL = 'https://inbox.example.com/webhook/sms';

const env = {
  SOURCES: 'billing:stripe,code:github,mail:standard,sms:twilio',
  ...Object.fromEntries(
    Object.entries(SECRETS).map(([name, secret]) => [
      `SOURCE_${name.toUpperCase()}_SECRET`,
      secret,
    ]),
  ),
  SOURCE_SMS_PUBLIC_URL: TWILIO_URL,
};

interface Post {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly query?: string;
}

interface Provider {
  readonly what: string;
  readonly source: keyof typeof SECRETS;
  /** A post as the provider makes it now. */
  readonly post: (secret: string) => Post | Promise<Post>;
  /** Whether an application accepts it, with the package of the provider. */
  readonly accepts: (arrival: Arrival, secret: string) => boolean | Promise<boolean>;
}

const PROVIDERS: readonly Provider[] = [
  {
    what: 'stripe',
    source: 'billing',
    post(secret) {
      const payload =
        '{ "id":"evt_1", "type":"invoice.paid","created":1769990000, "text":"\\u00e9 é 😀"}\n';
      const header = Stripe.webhooks.generateTestHeaderString({ payload, secret });
      return { headers: { 'Stripe-Signature': header }, body: payload };
    },
    accepts({ headers, body }, secret) {
      return holds(() => {
        Stripe.webhooks.constructEvent(body, headers['stripe-signature'] ?? '', secret);
      });
    },
  },
  {
    what: '@octokit/webhooks-methods',
    source: 'code',
    async post(secret) {
      const body = '{"action":"opened",  "issue":{"title":"é \\ud83d\\ude00"}}';
      const signature = await signForGithub(secret, body);
      const headers = { 'X-GitHub-Event': 'issues', 'X-GitHub-Delivery': 'a1b2' };
      return { headers: { ...headers, 'X-Hub-Signature-256': signature }, body };
    },
    async accepts({ headers, body }, secret) {
      assert.deepEqual(
        [headers['x-github-event'], headers['x-github-delivery']],
        ['issues', 'a1b2'],
      );
      return await verifyOfGithub(secret, String(body), String(headers['x-hub-signature-256']));
    },
  },
  {
    what: 'standardwebhooks',
    source: 'mail',
    post(secret) {
      const body = '{"type":"email.sent",\t"timestamp":"2026-02-01T23:53:20Z","data":{"to":"é"}}';
      const [id, now] = ['msg_1', new Date()];
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
        'webhook-signature': new Webhook(secret).sign(id, now, body),
      };
      return { headers, body };
    },
    accepts({ headers, body }, secret) {
      return holds(() => new Webhook(secret).verify(body, headers as Record<string, string>));
    },
  },
  {
    what: 'twilio, which is told the URL that is signed,',
    source: 'sms',
    post(secret) {
      const body =
        'MessageSid=SM1&From=%2B15551230001&To=%2B14155550100&Body=Hi+%C3%A9+%F0%9F%98%80&NumMedia=0';
      const signature = getExpectedTwilioSignature(secret, TWILIO_URL, formOf(body));
      const type = 'application/x-www-form-urlencoded; charset=UTF-8';
      return { headers: { 'Content-Type': type, 'X-Twilio-Signature': signature }, body };
    },
    accepts: (arrival, secret) => acceptedByTwilio(arrival, secret, { url: TWILIO_URL }),
  },
  {
    what: 'twilio, with a body that is no form,',
    source: 'sms',
    post(secret) {
      const body = '{"specversion":"1.0", "id":"EV1","type":"com.twilio.messaging.message.sent"}';
      const query = `bodySHA256=${getExpectedBodyHash(body)}`;
      const signature = getExpectedTwilioSignature(secret, `${TWILIO_URL}?${query}`, {});
      return { headers: { 'X-Twilio-Signature': signature }, body, query };
    },
    accepts({ headers, body }, secret) {
      const url = `${TWILIO_URL}?bodySHA256=${getExpectedBodyHash(String(body))}`;
      return validateRequestWithBody(secret, signatureOf(headers), url, String(body));
    },
  },
];

function holds(verify: () => unknown): boolean {
  try {
    verify();
    return true;
  } catch {
    return false;
  }
}

const signatureOf = (headers: Arrival['headers']): string => String(headers['x-twilio-signature']);

function formOf(body: Buffer | string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(String(body)));
}

/** Calls the middleware of the package as Express would. */
function acceptedByTwilio(
  { headers, path, body }: Arrival,
  secret: string,
  options: { readonly url?: string },
): boolean {
  const request = {
    headers,
    header: (name: string) => headers[name.toLowerCase()],
    protocol: 'http',
    originalUrl: path,
    body: formOf(body),
  };
  const response = { type: () => response, status: () => response, send: () => response };
  const passed: true[] = [];
  webhook(secret, options)(request, response, () => passed.push(true));
  return passed.length === 1;
}

const receiver = await Receiver.start({ after });
const service = await startService(
  { after },
  { env: { ...env, ...forwardingTo(receiver, { MODE: 'raw' }) } },
);

/** Sends a post of the provider to its source. Resolves with what the application gets. */
async function forwarded({ source, post }: Provider): Promise<Arrival> {
  const { headers, body, query } = await post(SECRETS[source]);
  const before = receiver.arrivals.length;
  const answer = await service.send({
    method: 'POST',
    path: `/webhook/${source}${query === undefined ? '' : `?${query}`}`,
    headers: { 'Content-Type': 'application/json', ...headers },
    body,
  });
  assert.equal(answer.status, 200, answer.text);
  await receiver.until('the post', () => receiver.arrivals.length > before);
  const arrival = receiver.arrivals.at(-1);
  assert.ok(arrival);
  assert.equal(String(arrival.body), body);
  return arrival;
}

describe('in mode raw, a post that comes through Oncebox is accepted by', () => {
  for (const provider of PROVIDERS)
    it(`${provider.what} with the secret of the provider, and with no other`, async () => {
      const arrival = await forwarded(provider);
      assert.equal(await provider.accepts(arrival, SECRETS[provider.source]), true);
      assert.equal(await provider.accepts(arrival, OTHER_SECRET), false);
    });

  it('stripe after an hour, with a tolerance of an hour and more', async () => {
    const payload = '{"id":"evt_2","type":"invoice.paid","created":1769990000}';
    const header = Stripe.webhooks.generateTestHeaderString({ payload, secret: SECRETS.billing });
    const later = Date.now() + 3_600_000;
    const accepts = (toleranceSeconds: number): boolean =>
      holds(() => {
        const { billing: secret } = SECRETS;
        Stripe.webhooks.constructEvent(payload, header, secret, toleranceSeconds, undefined, later);
      });
    assert.deepEqual([accepts(300), accepts(2 * 3_600)], [false, true]);
  });

  it('none of Twilio that takes the URL from the request: it was signed for another', async () => {
    const [, , , form] = PROVIDERS;
    assert.ok(form);
    const post = async (secret: string): Promise<Post> => {
      const { headers } = await form.post(secret);
      const body = 'MessageSid=SM2&From=%2B15551230001&To=%2B14155550100&Body=Hi';
      const signature = getExpectedTwilioSignature(secret, TWILIO_URL, formOf(body));
      return { headers: { ...headers, 'X-Twilio-Signature': signature }, body };
    };
    const arrival = await forwarded({ ...form, post });
    assert.equal(acceptedByTwilio(arrival, SECRETS.sms, {}), false);
    assert.equal(acceptedByTwilio(arrival, SECRETS.sms, { url: TWILIO_URL }), true);
  });
});
