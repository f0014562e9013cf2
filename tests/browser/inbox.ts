// An inbox with sources for the tests of the dashboard and for its pictures: posts as Meta, Twilio and Stripe make them, with invented values.
import { createHmac } from 'node:crypto';
import type { Environment, Service } from '../support/service.ts';
import type { Answer } from '../support/request.ts';

const SECRETS = {
  whatsapp: 'app-secret-of-the-tests',
  sms: 'auth-token-of-the-tests',
  billing: 'whsec_secret-of-the-tests',
  code: 'secret-of-the-repository',
};
const SMS_URL = 'https://hooks.example.com/webhook/sms';
const NUMBER = '14155550100';

export const SOURCES: Environment = {
  SOURCES: 'whatsapp:meta,sms:twilio,billing:stripe,code:github',
  SOURCE_WHATSAPP_SECRET: SECRETS.whatsapp,
  SOURCE_WHATSAPP_SECRET_PREVIOUS: 'app-secret-before-that',
  SOURCE_WHATSAPP_VERIFY_TOKEN: 'verify-token-of-the-tests',
  SOURCE_SMS_SECRET: SECRETS.sms,
  SOURCE_SMS_PUBLIC_URL: SMS_URL,
  SOURCE_BILLING_SECRET: SECRETS.billing,
  SOURCE_CODE_SECRET: SECRETS.code,
};

const hmac = (hash: string, secret: string, signed: string) =>
  createHmac(hash, secret).update(signed);
const epoch = (at: Date): string => String(Math.floor(at.getTime() / 1_000));

/** Posts to a source; a post that is signed must be accepted. */
async function post(
  service: Service,
  name: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<Answer> {
  const path = `/webhook/${name}`;
  return service.send({ method: 'POST', path, headers, body: Buffer.from(body) });
}

async function accepted(answer: Promise<Answer>): Promise<void> {
  const { status, text } = await answer;
  if (status !== 200) throw new Error(`${status} ${text}`);
}

/** Posts one change as Meta does, signed with the current secret or with another one. */
export function whatsapp(
  service: Service,
  value: Readonly<Record<string, unknown>>,
  options: { readonly field?: string; readonly secret?: string } = {},
): Promise<Answer> {
  const { field = 'messages', secret = SECRETS.whatsapp } = options;
  const metadata = { display_phone_number: NUMBER, phone_number_id: '700800900100200' };
  const changes = [{ field, value: { messaging_product: 'whatsapp', metadata, ...value } }];
  const entry = [{ id: '900100200300400', time: Math.floor(Date.now() / 1_000), changes }];
  const body = JSON.stringify({ object: 'whatsapp_business_account', entry });
  const digest = hmac('sha256', secret, body).digest('hex');
  const headers = { 'Content-Type': 'application/json', 'X-Hub-Signature-256': `sha256=${digest}` };
  return post(service, 'whatsapp', headers, body);
}

/** Posts a form as Twilio does. */
async function twilio(service: Service, fields: Readonly<Record<string, string>>): Promise<void> {
  const sorted = Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const signed = SMS_URL + sorted.flat().join('');
  const headers = {
    'Content-Type': 'application/x-www-form-urlencoded',
    'X-Twilio-Signature': hmac('sha1', SECRETS.sms, signed).digest('base64'),
  };
  await accepted(post(service, 'sms', headers, new URLSearchParams(fields).toString()));
}

/** Posts a body as Stripe does. */
export async function stripe(service: Service, body: string): Promise<void> {
  const at = epoch(new Date());
  const signature = hmac('sha256', SECRETS.billing, `${at}.${body}`).digest('hex');
  const headers = {
    'Content-Type': 'application/json',
    'Stripe-Signature': `t=${at},v1=${signature}`,
  };
  await accepted(post(service, 'billing', headers, body));
}

/** A message as Meta has it. `id` is what is after `whatsapp:` in the id here. */
export function received(id: string, at: Date, body: string): Record<string, unknown> {
  const from = '5511900000001';
  return { from, id, timestamp: epoch(at), type: 'text', text: { body } };
}

/** Fills the inbox: messages of three sources, statuses, a conflict, a post that cannot be read, and one that is refused. */
export async function fill(service: Service, now: Date): Promise<void> {
  const ago = (minutes: number): Date => new Date(now.getTime() - minutes * 60_000);
  const meta = (value: Readonly<Record<string, unknown>>, field?: string): Promise<void> =>
    accepted(whatsapp(service, value, field === undefined ? {} : { field }));
  const image = {
    type: 'image',
    image: { id: '30001', mime_type: 'image/jpeg', sha256: 'dGVzdA==', caption: 'The receipt' },
  };
  await meta({
    contacts: [{ profile: { name: 'Ana Prova' }, wa_id: '5511900000001' }],
    messages: [
      received('wamid.TEST0001', ago(50), 'Olá! O meu pedido já saiu? 😀'),
      { ...received('wamid.TEST0002', ago(49), ''), ...image },
    ],
  });
  for (const [status, minutes] of [
    ['sent', 40],
    ['read', 37],
    ['delivered', 39],
  ] as const)
    await meta({
      statuses: [
        {
          id: 'wamid.OUT0001',
          status,
          timestamp: epoch(ago(minutes)),
          recipient_id: '5511900000001',
        },
      ],
    });
  // The same id with other words, and a change of the account.
  await meta({ messages: [received('wamid.TEST0001', ago(50), 'Olá! Quero cancelar.')] });
  await meta({ event: 'ACCOUNT_UPDATE', phone_number: NUMBER }, 'account_update');
  const sms = { AccountSid: 'AC00000000000000000000000000000002', NumMedia: '0' };
  const [from, to] = ['+15551230001', `+${NUMBER}`];
  const first = 'SM00000000000000000000000000000001';
  await twilio(service, {
    ...sms,
    MessageSid: first,
    From: from,
    To: to,
    Body: 'Running late, 10 min',
  });
  for (const state of ['delivered', 'failed'])
    await twilio(service, { ...sms, MessageSid: first, MessageStatus: state, From: from, To: to });
  await stripe(
    service,
    `{"id":"evt_TEST0001","object":"event","api_version":"2026-01-28","created":${epoch(ago(20))},"type":"payment_intent.succeeded",` +
      `"livemode":false,"data":{"object":{"id":"pi_TEST1","object":"payment_intent","amount":12345678901234567890,"rate":1.10,"currency":"eur"}}}`,
  );
  await stripe(service, '{"id":"evt_TEST0002","type":');
  await whatsapp(service, { messages: [] }, { secret: 'another-secret' });
}
