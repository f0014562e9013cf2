// Twilio: messages that come in, statuses of those that went out, and whatever else it posts, as a form or as JSON.
import { hash } from 'node:crypto';
import { type Delivery, type EventItem, type Item, STATUS } from '../../model/item.ts';
import { bodyText, member, textMember } from '../body.ts';
import { type Form, fieldOf, formJson, formOf, hasTooManyFields } from '../form.ts';
import { instantOf } from '../instants.ts';
import {
  boundedItems,
  columnName,
  columnText,
  contentOf,
  itemId,
  itemsOr,
  unparsed,
} from '../items.ts';
import { RawJson } from '../raw-json.ts';
import { type Scheme, UnusableSetting } from '../scheme.ts';
import { type Mistaken, literalKey } from '../secret-text.ts';
import { fieldsText, isJson, signTwilio, verifyTwilio } from './twilio-signature.ts';

const MISTAKEN: Mistaken = [
  [/^AC[0-9a-fA-F]{32}$/, 'the SID of an account, not its auth token'],
  [/^SK[0-9a-fA-F]{32}$/, 'the SID of an API key, not the auth token of the account'],
];
const PUBLIC_URL = 'PUBLIC_URL';

export const TWILIO: Scheme = {
  name: 'twilio',
  settings: [{ name: PUBLIC_URL, required: true, secret: false }],
  key: (secret) => literalKey(secret, MISTAKEN),
  receiver(_source, keys, settings, bodyBytesMax) {
    const publicUrl = publicUrlOf(settings[PUBLIC_URL] ?? '');
    return {
      verify: (post) => verifyTwilio(publicUrl, post, keys),
      headers: ['x-twilio-', 'i-twilio-idempotency-token'],
      decode: (delivery) => ({ items: itemsOf(delivery, bodyBytesMax) }),
      // An empty response: a text would be sent to the person who wrote.
      stored: {
        contentType: 'text/xml',
        body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
      },
      handshake: null,
      sign(body) {
        const isForm = !isJson(body.toString('utf8'));
        const { header, signature, query } = signTwilio(publicUrl, body, keys.current, isForm);
        const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
        return { headers: { 'Content-Type': type, [header]: signature }, query };
      },
    };
  },
};

/** Checks the URL as it is configured at Twilio. It is kept as it was written: its text is signed. */
function publicUrlOf(text: string): string {
  const refuse = (reason: string): never => {
    throw new UnusableSetting(PUBLIC_URL, reason);
  };
  if (!/^https?:\/\/[^/?#\s]+/i.test(text) || !URL.canParse(text))
    return refuse('is not a URL of https or http');
  const { username, password } = new URL(text);
  if (username !== '' || password !== '') return refuse('has a user or password');
  if (text.includes('#')) return refuse('has a fragment, which Twilio does not sign');
  if (/\s/.test(text)) return refuse('has space in it');
  return text;
}

/** The form of the body decides, not its Content-Type: that is not signed. */
function itemsOf(delivery: Delivery, bodyBytesMax: number): readonly Item[] {
  const text = bodyText(delivery, bodyBytesMax);
  if (text === null) return [unparsed(delivery, delivery.body)];
  if (!isJson(text)) {
    if (hasTooManyFields(text)) return [unparsed(delivery, delivery.body)];
    const form = formOf(text);
    return [form.size === 0 ? unparsed(delivery, delivery.body) : itemOfForm(delivery, form)];
  }
  const json = RawJson.parse(text);
  if (json === null) return [unparsed(delivery, delivery.body)];
  if (!json.isArray) return [eventOfJson(delivery, json)];
  const events = json.elements().map((element) => eventOfJson(delivery, element));
  return boundedItems(
    delivery,
    itemsOr(events, () => [unparsed(delivery, json.text)]),
  );
}

function itemOfForm(delivery: Delivery, form: Form): Item {
  const sid =
    fieldOf(form, 'MessageSid') ?? fieldOf(form, 'SmsMessageSid') ?? fieldOf(form, 'SmsSid');
  const status = fieldOf(form, 'MessageStatus') ?? fieldOf(form, 'SmsStatus');
  if (sid !== null && isInbound(form, status)) return messageOf(delivery, form, sid);
  const payload = formJson(form);
  const content = contentOf(fieldsText(form));
  const event = { ts: delivery.receivedAt, payload, content, delivery };
  if (sid !== null && status !== null)
    return {
      event_id: itemId(delivery.source, `${sid}:${status}`),
      type: STATUS,
      subject: itemId(delivery.source, sid),
      ...event,
    };
  const call = fieldOf(form, 'CallSid');
  const about = call ?? sid;
  // A call is asked about many times under one number, each time with other fields.
  const id = hash('sha256', fieldsText(form));
  return {
    event_id: itemId(delivery.source, about === null ? id : `${about}:${id}`),
    type: columnName(fieldOf(form, 'EventType') ?? (call === null ? OTHER : 'call')),
    subject: about === null ? null : itemId(delivery.source, about),
    ...event,
  };
}

/** The type of an event that does not name its own. */
const OTHER = 'callback';

/** Whether a form is a message that came in, and not the status of one that went out, or an event of a conversation. */
function isInbound(form: Form, status: string | null): boolean {
  if (fieldOf(form, 'From') === null) return false;
  if (status !== null) return status === 'received' || status === 'receiving';
  return !form.has('EventType') && (form.has('Body') || form.has('NumMedia'));
}

function messageOf(delivery: Delivery, form: Form, sid: string): Item {
  const [sender, recipient] = [addressOf(form, 'From'), addressOf(form, 'To')];
  const isMms = Number(fieldOf(form, 'NumMedia') ?? 0) > 0;
  return {
    message_id: itemId(delivery.source, sid),
    from: columnName(sender.address),
    to: columnName(recipient.address),
    ts: delivery.receivedAt,
    text: form.has('Body') ? columnText(form.get('Body')?.[0] ?? '') : null,
    kind: columnName(sender.channel ?? recipient.channel ?? (isMms ? 'mms' : 'sms')),
    payload: formJson(form),
    content: contentOf(fieldsText(new Map([...form].filter(([name]) => !FALLBACK.has(name))))),
    delivery,
  };
}

/** What Twilio adds when it sends a message again to the fallback URL. */
const FALLBACK = new Set(['ErrorCode', 'ErrorUrl']);

/** Returns an address such as `whatsapp:+15551230001` in its two parts. */
function addressOf(form: Form, name: string): { channel: string | null; address: string } {
  const text = fieldOf(form, name) ?? 'unknown';
  const [, channel, address] = /^([a-z][a-z0-9_-]*):(.+)$/is.exec(text) ?? [];
  return channel === undefined || address === undefined
    ? { channel: null, address: text }
    : { channel: channel.toLowerCase(), address };
}

/** Returns the event of one CloudEvent of Event Streams, or of another JSON body. */
function eventOfJson(delivery: Delivery, json: RawJson): EventItem {
  const { value, text: payload } = json;
  const id = textMember(value, 'id');
  if (!json.isObject) return unparsed(delivery, payload);
  const about = textMember(member(value, 'data'), 'messageSid');
  return {
    event_id: itemId(delivery.source, id ?? hash('sha256', payload)),
    type: columnName(textMember(value, 'type') ?? OTHER),
    subject: about === null ? null : itemId(delivery.source, about),
    ts: instantOf(member(value, 'time')) ?? delivery.receivedAt,
    payload,
    content: contentOf(payload),
    delivery,
  };
}
