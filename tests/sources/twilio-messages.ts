// What is stored of the messages that Twilio posts.
import { ARRIVAL, type Case, type Stored } from './decoded.ts';

export const SID = 'SM00000000000000000000000000000001';
const ACCOUNT = 'AC00000000000000000000000000000002';

/** Names and values, in order. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** Returns a form as Twilio encodes it. */
export function formText(fields: Fields): string {
  return fields.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&');
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+').replaceAll('!', '%21');
}

export function payloadOf(fields: Fields): string {
  return `{${fields.map(([name, value]) => `"${name}":${JSON.stringify(value)}`).join(',')}}`;
}

const SMS: Fields = [
  ['ToCountry', 'US'],
  ['SmsMessageSid', SID],
  ['NumMedia', '0'],
  ['FromZip', ''],
  ['SmsSid', SID],
  ['SmsStatus', 'received'],
  ['Body', 'Hi there!'],
  ['To', '+14155550100'],
  ['NumSegments', '1'],
  ['MessageSid', SID],
  ['AccountSid', ACCOUNT],
  ['From', '+15551230001'],
  ['ApiVersion', '2010-04-01'],
];

/** The fields of an SMS, some of them otherwise, or without (null), or with more of them. */
function sms(changes: Readonly<Record<string, string | null>>): Fields {
  const added = Object.entries(changes).filter(([name]) => !SMS.some(([own]) => own === name));
  return [...SMS, ...added].flatMap(([name, value]) => {
    const changed = Object.hasOwn(changes, name) ? (changes[name] ?? null) : value;
    return changed === null ? [] : [[name, changed] as const];
  });
}

type StoredMessage = Extract<Stored, { message: string }>;

function inbound(
  name: string,
  changes: Readonly<Record<string, string | null>>,
  differs: Partial<StoredMessage> = {},
): Case {
  const fields = sms(changes);
  const usual: StoredMessage = {
    message: SID,
    from: '+15551230001',
    to: '+14155550100',
    ts: ARRIVAL,
    text: 'Hi there!',
    kind: 'sms',
    payload: payloadOf(fields),
  };
  return { name, body: formText(fields), stored: [{ ...usual, ...differs }] };
}

const WHATSAPP = {
  From: 'whatsapp:+5511900000001',
  To: 'whatsapp:+14155550100',
  WaId: '5511900000001',
  ProfileName: 'Ana',
};
const STORED_WHATSAPP = { from: '+5511900000001', kind: 'whatsapp' };

const REPEATED: Case = {
  name: 'a name that comes more than once has an array in the payload',
  body: `${formText(SMS)}&A=1&A=2&A=1`,
  stored: inbound('', {}, { payload: `${payloadOf(SMS).slice(0, -1)},"A":["1","2","1"]}` }).stored,
};

export const INBOUND_CASES: readonly Case[] = [
  REPEATED,
  inbound('SMS', {}),
  inbound('an empty text stays empty', { Body: '' }, { text: '' }),
  inbound('no text', { Body: null }, { text: null }),
  inbound(
    'a text with every kind of character',
    { Body: `é😀 &=%+'"\n\\` },
    { text: `é😀 &=%+'"\n\\` },
  ),
  inbound('U+0000 in a text', { Body: 'a\0b' }, { text: 'a\ufffdb' }),
  inbound(
    'a text that looks like base64 stays as it is',
    { Body: 'SGVsbG8=' },
    { text: 'SGVsbG8=' },
  ),
  inbound(
    'MMS: with media',
    { NumMedia: '1', MediaUrl0: 'https://api.example/x', MediaContentType0: 'image/jpeg' },
    { kind: 'mms' },
  ),
  inbound('from a short code', { From: '68849' }, { from: '68849' }),
  inbound('from a name', { From: 'SUPPORT' }, { from: 'SUPPORT' }),
  inbound('WhatsApp', WHATSAPP, STORED_WHATSAPP),
  inbound('WhatsApp with media stays WhatsApp', { ...WHATSAPP, NumMedia: '1' }, STORED_WHATSAPP),
  inbound(
    'WhatsApp from a user without number',
    { ...WHATSAPP, From: 'whatsapp:US.1000', ExternalUserId: 'whatsapp:US.1000' },
    { from: 'US.1000', kind: 'whatsapp' },
  ),
  inbound(
    'WhatsApp: a button',
    { ...WHATSAPP, Body: 'Yes', ButtonText: 'Yes', ButtonPayload: 'p1' },
    { ...STORED_WHATSAPP, text: 'Yes' },
  ),
  inbound(
    'Messenger',
    { From: 'messenger:3141592', To: 'messenger:2718281' },
    { from: '3141592', to: '2718281', kind: 'messenger' },
  ),
  inbound(
    'RCS: only the agent has a prefix',
    { To: 'rcs:brand_agent' },
    { to: 'brand_agent', kind: 'rcs' },
  ),
  inbound('the id under its older name', { MessageSid: null }),
  inbound('without status', { SmsStatus: null }),
];
