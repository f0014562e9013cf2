// What each kind of provider is like: its settings at Oncebox, where its signature is, and a body with items of its own.
import type { SchemeName } from '../../../app/model/source.ts';

/** A post before it is signed, and what is in it: ids as they are stored, without the name of the source. */
export interface Draft {
  readonly body: Buffer;
  readonly messages: readonly string[];
  readonly events: readonly string[];
  /** The id of the delivery, where the scheme has one in a header. */
  readonly id: string;
}

/** What a kind of provider is like, seen from outside. */
export interface Kind {
  readonly scheme: SchemeName;
  readonly secret: string;
  /** Another that could be one, with which nothing is signed but what is meant to be refused. */
  readonly otherSecret: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly signatureHeader: string;
  readonly signsTime: boolean;
  /** Returns a post with items that no other `key` has. */
  readonly draft: (key: string) => Draft;
}

const STANDARD_SECRET = (byte: string): string =>
  `whsec_${Buffer.from(byte.repeat(32)).toString('base64')}`;

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** A delivery of the scheme `meta` with so many messages, and a status for each. */
export function metaDraft(keys: readonly string[]): Draft {
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '14155550100', phone_number_id: '700800900100200' },
    messages: keys.map((key) => ({
      from: '5511900000001',
      id: `wamid.${key}`,
      timestamp: '1769990000',
      type: 'text',
      text: { body: `text of ${key}` },
    })),
    statuses: keys.map((key) => ({
      id: `wamid.out-${key}`,
      status: 'delivered',
      timestamp: '1769990001',
      recipient_id: '5511900000001',
    })),
  };
  return {
    body: json({
      object: 'whatsapp_business_account',
      entry: [{ id: '900100200300400', changes: [{ field: 'messages', value }] }],
    }),
    messages: keys.map((key) => `wamid.${key}`),
    events: keys.map((key) => `wamid.out-${key}:delivered`),
    id: 'unused',
  };
}

const oneEvent = (key: string, body: unknown): Draft => ({
  body: json(body),
  messages: [],
  events: [key],
  id: key,
});

export const KINDS = {
  oncebox: {
    scheme: 'oncebox',
    secret: 'the key of a second inbox',
    otherSecret: 'another key',
    settings: {},
    signatureHeader: 'X-Signature',
    signsTime: false,
    draft: (key) => ({
      body: json({ message_id: key, from: '+1', to: '+2', ts: '2025-01-15T10:00:00Z', text: 'Hi' }),
      messages: [key],
      events: [],
      id: 'unused',
    }),
  },
  meta: {
    scheme: 'meta',
    secret: '0123456789abcdef0123456789abcdef',
    otherSecret: 'fedcba9876543210fedcba9876543210',
    settings: { VERIFY_TOKEN: 'a verify token' },
    signatureHeader: 'X-Hub-Signature-256',
    signsTime: false,
    draft: (key) => metaDraft([`${key}-1`, `${key}-2`]),
  },
  twilio: {
    scheme: 'twilio',
    secret: '0123456789abcdef0123456789abcde0',
    otherSecret: 'fedcba9876543210fedcba9876543211',
    settings: { PUBLIC_URL: 'https://inbox.example.com/webhook/twilio' },
    signatureHeader: 'X-Twilio-Signature',
    signsTime: false,
    draft: (key) => ({
      body: Buffer.from(
        new URLSearchParams({
          MessageSid: `SM${key}`,
          AccountSid: 'AC00000000000000000000000000000000',
          From: '+15005550006',
          To: '+15005550001',
          Body: 'Hello & goodbye',
          NumMedia: '0',
        }).toString(),
      ),
      messages: [`SM${key}`],
      events: [],
      id: 'unused',
    }),
  },
  standard: {
    scheme: 'standard',
    secret: STANDARD_SECRET('a'),
    otherSecret: STANDARD_SECRET('b'),
    settings: {},
    signatureHeader: 'webhook-signature',
    signsTime: true,
    draft: (key) =>
      oneEvent(`msg_${key}`, {
        type: 'contact.created',
        timestamp: '2026-02-01T00:00:00Z',
        data: { key },
      }),
  },
  github: {
    scheme: 'github',
    secret: 'the secret of a repository',
    otherSecret: 'the secret of another one',
    settings: {},
    signatureHeader: 'X-Hub-Signature-256',
    signsTime: false,
    draft: (key) => oneEvent(key, { ref: 'refs/heads/main', after: key }),
  },
  stripe: {
    scheme: 'stripe',
    secret: 'whsec_abcdefghijklmnopqrstuvwxyz012345',
    otherSecret: 'whsec_012345abcdefghijklmnopqrstuvwxyz',
    settings: {},
    signatureHeader: 'Stripe-Signature',
    signsTime: true,
    draft: (key) =>
      oneEvent(`evt_${key}`, {
        id: `evt_${key}`,
        object: 'event',
        created: 1_769_990_000,
        type: 'charge.succeeded',
      }),
  },
  slack: {
    scheme: 'slack',
    secret: '0123456789abcdef0123456789abcdef',
    otherSecret: 'fedcba9876543210fedcba9876543210',
    settings: {},
    signatureHeader: 'X-Slack-Signature',
    signsTime: true,
    draft: (key) =>
      oneEvent(`Ev${key}`, {
        type: 'event_callback',
        event_id: `Ev${key}`,
        event_time: 1_769_990_000,
        event: { type: 'app_mention', text: 'hello' },
      }),
  },
  shopify: {
    scheme: 'shopify',
    secret: 'shpss_0123456789abcdef0123456789abcdef',
    otherSecret: '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',
    settings: {},
    signatureHeader: 'X-Shopify-Hmac-Sha256',
    signsTime: false,
    draft: (key) => oneEvent(key, { id: 820_982_911, name: key }),
  },
  hmac: {
    scheme: 'hmac',
    secret: 'a signing key',
    otherSecret: 'another signing key',
    settings: {
      HEADER: 'X-Any-Signature',
      SIGNED: '{body}{timestamp}',
      TIMESTAMP_HEADER: 'X-Any-Timestamp',
      ID_POINTER: '/id',
    },
    signatureHeader: 'X-Any-Signature',
    signsTime: true,
    draft: (key) => oneEvent(key, { id: key, type: 'any' }),
  },
} as const satisfies Readonly<Record<SchemeName, Kind>>;
