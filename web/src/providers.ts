// What connects a provider: the settings to give Oncebox, where their values come from, and the page that goes through it.
import { DEFAULT_SOURCE, settingOf } from './sources.ts';

export interface Provider {
  readonly name: string;
  readonly scheme: string;
  /** A name for the source; any other will do. */
  readonly source: string;
  /** Of the source: the end of the name of the variable, and what to put there. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly steps: readonly string[];
  /** In the source tree. */
  readonly page: string;
}

/** The URL of the source, where a step or a value has it. */
export const URL_PLACE = '{url}';

export const PROVIDERS: readonly Provider[] = [
  {
    name: 'WhatsApp',
    scheme: 'meta',
    source: 'whatsapp',
    settings: [
      ['SECRET', 'app-secret'],
      ['VERIFY_TOKEN', 'any-text-that-you-choose'],
    ],
    steps: [
      'The app secret: Meta for Developers, your app, App settings, Basic.',
      `At Meta: WhatsApp, Configuration, Webhook. The callback URL is ${URL_PLACE}, the verify token is that of the setting.`,
      'Subscribe to the field “messages”.',
    ],
    page: 'docs/providers/whatsapp.md',
  },
  {
    name: 'Twilio',
    scheme: 'twilio',
    source: 'sms',
    settings: [
      ['SECRET', 'auth-token'],
      ['PUBLIC_URL', URL_PLACE],
    ],
    steps: [
      'The auth token: Twilio Console, Account Info.',
      `At Twilio: your number, Messaging, “A message comes in”: Webhook, ${URL_PLACE}, HTTP POST. It must be the same as in the setting, character by character.`,
    ],
    page: 'docs/providers/twilio.md',
  },
  {
    name: 'Stripe',
    scheme: 'stripe',
    source: 'billing',
    settings: [['SECRET', 'whsec_…']],
    steps: [
      `At Stripe: Developers, Webhooks, Add endpoint: ${URL_PLACE}.`,
      'The signing secret is shown by the endpoint. Take all of it, “whsec_” included.',
    ],
    page: 'docs/providers/stripe.md',
  },
  {
    name: 'GitHub',
    scheme: 'github',
    source: 'code',
    settings: [['SECRET', 'secret-that-you-choose']],
    steps: [
      `At GitHub: the repository or organization, Settings, Webhooks, Add webhook: ${URL_PLACE}, application/json, and the secret of the setting.`,
    ],
    page: 'docs/providers/github.md',
  },
  {
    name: 'Slack',
    scheme: 'slack',
    source: 'chat',
    settings: [['SECRET', 'signing-secret']],
    steps: [
      'The signing secret: your Slack app, Basic Information.',
      `At Slack: Event Subscriptions, Request URL: ${URL_PLACE}.`,
    ],
    page: 'docs/providers/slack.md',
  },
  {
    name: 'Shopify',
    scheme: 'shopify',
    source: 'shop',
    settings: [['SECRET', 'client-secret']],
    steps: [
      'The client secret: that of the app whose webhooks they are. For webhooks made in the admin it is shown beneath their list.',
      `At Shopify: subscribe the topics to ${URL_PLACE}, as JSON.`,
    ],
    page: 'docs/providers/shopify.md',
  },
  {
    name: 'Standard Webhooks',
    scheme: 'standard',
    source: 'mail',
    settings: [['SECRET', 'whsec_…']],
    steps: [
      'For Svix, OpenAI, Resend, Clerk and others that send “webhook-signature” or “svix-signature”.',
      `At the provider: add an endpoint, ${URL_PLACE}. Its signing secret begins with “whsec_”.`,
    ],
    page: 'docs/providers/standard-webhooks.md',
  },
  {
    name: 'Any other signer',
    scheme: 'hmac',
    source: 'phone',
    settings: [
      ['SECRET', 'secret-of-the-signer'],
      ['HEADER', 'X-Signature'],
      ['PREFIX', 'sha256='],
    ],
    steps: [
      'For whatever signs with an HMAC: name the header, what stands before the signature, and where it differs the hash, the encoding and the signed bytes.',
      `There, post to ${URL_PLACE}.`,
    ],
    page: 'docs/providers/other.md',
  },
];

/** A source as it is configured, or was: then it has no scheme. */
interface Configured {
  readonly source: string;
  readonly scheme: string | null;
}

/** Returns a name for a source of this provider that no other source has. */
export function freeName({ source }: Provider, configured: readonly Configured[]): string {
  const taken = new Set(configured.map((each) => each.source));
  let name = source;
  for (let number = 2; taken.has(name); number += 1) name = `${source}-${number}`;
  return name;
}

/** Returns the settings that add a source of this provider to those that are configured, one a line. */
export function settingsFor(
  provider: Provider,
  { name, url, configured }: { name: string; url: string; configured: readonly Configured[] },
): string {
  const kept = configured.filter(
    ({ source, scheme }) => source !== DEFAULT_SOURCE && scheme !== null,
  );
  const list = [...kept, { source: name, scheme: provider.scheme }];
  return [
    `SOURCES=${list.map(({ source, scheme }) => `${source}:${scheme}`).join(',')}`,
    ...provider.settings.map(
      ([end, value]) => `${settingOf(name, end)}=${value.replace(URL_PLACE, url)}`,
    ),
  ].join('\n');
}
