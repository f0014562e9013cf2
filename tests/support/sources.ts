// Sources for tests: their settings, and posts as their providers send them.
import { createHmac } from 'node:crypto';
import { bytesOf } from './message.ts';
import type { Draft } from './message.ts';
import type { Answer } from './request.ts';
import type { Environment, Service } from './service.ts';

type Name = 'wa' | 'shop' | 'bill';

/** The header of the signature of each source, and how it is written. */
const SIGNED: Readonly<Record<Name, readonly [header: string, prefix: string]>> = {
  wa: ['X-Hub-Signature-256', 'sha256='],
  shop: ['X-Signature', ''],
  bill: ['X-Bill-Signature', ''],
};

const secretOf = (name: Name): string => `the-secret-of-${name}`;

/** `wa` sends messages and statuses, `shop` messages, `bill` events. */
export const SOURCES: Environment = {
  SOURCES: 'wa:meta,shop:oncebox,bill:hmac',
  SOURCE_WA_SECRET: secretOf('wa'),
  SOURCE_WA_VERIFY_TOKEN: 'the-token-of-wa',
  SOURCE_SHOP_SECRET: secretOf('shop'),
  SOURCE_BILL_SECRET: secretOf('bill'),
  SOURCE_BILL_HEADER: 'X-Bill-Signature',
  SOURCE_BILL_ID_POINTER: '/id',
  SOURCE_BILL_TYPE_POINTER: '/type',
  SOURCE_BILL_TIME_POINTER: '/at',
};

/** What `bill` sends: one event. */
export interface Bill {
  readonly id: string;
  readonly type: string;
  readonly at: string;
  readonly [more: string]: unknown;
}

/** Returns the headers of a post with the signature of its source. */
export function signedBy(name: Name, body: Buffer): Record<string, string> {
  const [header, prefix] = SIGNED[name];
  const digest = createHmac('sha256', secretOf(name)).update(body).digest('hex');
  return { 'Content-Type': 'application/json', [header]: `${prefix}${digest}` };
}

/** Posts a body to a source, signed. */
export function post(
  service: Service,
  name: Name,
  body: Draft | Bill | Buffer | string,
): Promise<Answer> {
  const bytes = bytesOf(body);
  return service.send({
    method: 'POST',
    path: `/webhook/${name}`,
    headers: signedBy(name, bytes),
    body: bytes,
  });
}

/** Posts bodies that must be accepted, one after the other. */
export async function store(
  service: Service,
  name: Name,
  ...bodies: readonly (Draft | Bill | Buffer | string)[]
): Promise<void> {
  for (const body of bodies) {
    const { status, text } = await post(service, name, body);
    if (status !== 200) throw new Error(`${status} ${text}: ${service.output.stdout.slice(-500)}`);
  }
}

/** Returns a post of `wa` with these messages and statuses. */
export function whatsapp(parts: { messages?: object[]; statuses?: object[] }): string {
  const metadata = { display_phone_number: '14155550100', phone_number_id: '106540352242922' };
  const value = { messaging_product: 'whatsapp', metadata, ...parts };
  return JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [{ id: '102290129340398', changes: [{ field: 'messages', value }] }],
  });
}

/** Returns a text message as `wa` sends it. `timestamp`: seconds since 1970, in digits. */
export function whatsappText(id: string, body: string, timestamp = '1736935200'): object {
  return { from: '919876543210', id, timestamp, type: 'text', text: { body } };
}

/** Returns the status of a message as `wa` sends it. */
export function whatsappStatus(id: string, status: string, timestamp = '1736935201'): object {
  return { id, status, timestamp, recipient_id: '919876543210' };
}
