// What connects a provider: the settings to give Oncebox, where their values come from, and the page that goes through it.
export interface Provider {
  readonly name: string;
  /** What the source is called in the settings below; any other name will do. */
  readonly source: string;
  readonly settings: readonly (readonly [variable: string, value: string])[];
  readonly steps: readonly string[];
  /** In the source tree. */
  readonly page: string;
}

/** The URL of a source, where a step names it. */
export const URL_PLACE = '{url}';

export const PROVIDERS: readonly Provider[] = [
  {
    name: 'WhatsApp',
    source: 'whatsapp',
    settings: [
      ['SOURCES', 'whatsapp:meta'],
      ['SOURCE_WHATSAPP_SECRET', 'app-secret'],
      ['SOURCE_WHATSAPP_VERIFY_TOKEN', 'any-text-that-you-choose'],
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
    source: 'sms',
    settings: [
      ['SOURCES', 'sms:twilio'],
      ['SOURCE_SMS_SECRET', 'auth-token'],
      ['SOURCE_SMS_PUBLIC_URL', URL_PLACE],
    ],
    steps: [
      'The auth token: Twilio Console, Account Info.',
      `At Twilio: your number, Messaging, “A message comes in”: Webhook, ${URL_PLACE}, HTTP POST. It must be the same as in the setting, character by character.`,
    ],
    page: 'docs/providers/twilio.md',
  },
  {
    name: 'Stripe',
    source: 'billing',
    settings: [
      ['SOURCES', 'billing:stripe'],
      ['SOURCE_BILLING_SECRET', 'whsec_…'],
    ],
    steps: [
      `At Stripe: Developers, Webhooks, Add endpoint: ${URL_PLACE}.`,
      'The signing secret is shown by the endpoint. Take all of it, “whsec_” included.',
    ],
    page: 'docs/providers/stripe.md',
  },
  {
    name: 'GitHub',
    source: 'code',
    settings: [
      ['SOURCES', 'code:github'],
      ['SOURCE_CODE_SECRET', 'secret-that-you-choose'],
    ],
    steps: [
      `At GitHub: the repository or organization, Settings, Webhooks, Add webhook: ${URL_PLACE}, application/json, and the secret of the setting.`,
    ],
    page: 'docs/providers/github.md',
  },
  {
    name: 'Slack',
    source: 'chat',
    settings: [
      ['SOURCES', 'chat:slack'],
      ['SOURCE_CHAT_SECRET', 'signing-secret'],
    ],
    steps: [
      'The signing secret: your Slack app, Basic Information.',
      `At Slack: Event Subscriptions, Request URL: ${URL_PLACE}.`,
    ],
    page: 'docs/providers/slack.md',
  },
  {
    name: 'Shopify',
    source: 'shop',
    settings: [
      ['SOURCES', 'shop:shopify'],
      ['SOURCE_SHOP_SECRET', 'client-secret'],
    ],
    steps: [
      'The client secret: that of the app whose webhooks they are. For webhooks made in the admin it is shown beneath their list.',
      `At Shopify: subscribe the topics to ${URL_PLACE}, as JSON.`,
    ],
    page: 'docs/providers/shopify.md',
  },
  {
    name: 'Standard Webhooks',
    source: 'mail',
    settings: [
      ['SOURCES', 'mail:standard'],
      ['SOURCE_MAIL_SECRET', 'whsec_…'],
    ],
    steps: [
      'For Svix, OpenAI, Resend, Clerk and others that send “webhook-signature” or “svix-signature”.',
      `At the provider: add an endpoint, ${URL_PLACE}. Its signing secret begins with “whsec_”.`,
    ],
    page: 'docs/providers/standard-webhooks.md',
  },
  {
    name: 'Another signer',
    source: 'phone',
    settings: [
      ['SOURCES', 'phone:hmac'],
      ['SOURCE_PHONE_SECRET', 'secret-of-the-signer'],
      ['SOURCE_PHONE_HEADER', 'X-Signature'],
      ['SOURCE_PHONE_PREFIX', 'sha256='],
    ],
    steps: [
      'For whatever signs with an HMAC: name the header, what stands before the signature, and where it differs the hash, the encoding and the signed bytes.',
      `There, post to ${URL_PLACE}.`,
    ],
    page: 'docs/providers/other.md',
  },
];
