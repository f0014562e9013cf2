// Posts as Meta writes them, in parts.
import { ARRIVAL, HASHED, type Stored } from './decoded.ts';

export const SENDER = '+5511900000001';
export const BUSINESS = '+14155550100';

export const METADATA = String.raw`{"display_phone_number":"14155550100","phone_number_id":"700800900100200"}`;
export const CONTACTS = String.raw`[{"profile":{"name":"Ana Prova"},"wa_id":"5511900000001","user_id":"BR.10000000000000000007"}]`;

/** Returns a change of the field `messages`, with more members of its value: `messages`, `statuses`, `contacts`. */
export function messagesChange(members: Readonly<Record<string, string>>): string {
  const all = Object.entries({ metadata: METADATA, ...members });
  const rest = all.map(([name, text]) => `,"${name}":${text}`).join('');
  return `{"field":"messages","value":{"messaging_product":"whatsapp"${rest}}}`;
}

/** Returns a change of another field. */
export function change(field: string, value: string): string {
  return `{"field":"${field}","value":${value}}`;
}

export function entry(...changes: readonly string[]): string {
  return `{"id":"900100200300400","changes":[${changes.join(',')}]}`;
}

export function timedEntry(time: string, ...changes: readonly string[]): string {
  return `{"id":"900100200300400","time":${time},"changes":[${changes.join(',')}]}`;
}

export function post(...entries: readonly string[]): string {
  return `{"object":"whatsapp_business_account","entry":[${entries.join(',')}]}`;
}

/** Returns the post of these elements of `messages[]`. */
export function messagesPost(...messages: readonly string[]): string {
  return post(entry(messagesChange({ contacts: CONTACTS, messages: `[${messages.join(',')}]` })));
}

export function statusesPost(...statuses: readonly string[]): string {
  return post(entry(messagesChange({ statuses: `[${statuses.join(',')}]` })));
}

/** What is stored of a message of SENDER; `differs`: what is not as usual. */
export function message(
  payload: string,
  differs: Partial<Extract<Stored, { message: string }>> & {
    message: string;
    ts: string;
    kind: string;
  },
): Stored {
  return { from: SENDER, to: BUSINESS, text: null, payload, ...differs };
}

export function status(payload: string, subject: string, state: string, ts: string): Stored {
  return { event: `${subject}:${state}`, type: 'status', subject, ts, payload };
}

/** What is stored of an item without an id of its own. */
export function event(payload: string, type: string, ts: string = ARRIVAL): Stored {
  return { event: HASHED, type, subject: null, ts, payload };
}

export function unparsed(payload: string | null, subject: string | null = null): Stored {
  return { event: HASHED, type: 'unparsed', subject, ts: ARRIVAL, payload };
}
