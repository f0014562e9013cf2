// What is stored of the statuses and other events that Twilio posts, as forms and as JSON.
import { ARRIVAL, type Case, HASHED, type Stored } from './decoded.ts';
import { type Fields, SID, formText, payloadOf } from './twilio-messages.ts';

function callback(
  name: string,
  fields: Fields,
  stored: Omit<Extract<Stored, { event: string }>, 'ts' | 'payload'>,
): Case {
  return {
    name,
    body: formText(fields),
    stored: [{ ...stored, ts: ARRIVAL, payload: payloadOf(fields) }],
  };
}

const CALL = 'CA00000000000000000000000000000005';
const CONVERSATION: Fields = [
  ['EventType', 'onMessageAdded'],
  ['ConversationSid', 'CH1'],
  ['MessageSid', 'IM1'],
  ['Body', 'Hi'],
  ['From', '+15551230001'],
];

export const CALLBACK_CASES: readonly Case[] = [
  ...['queued', 'sent', 'delivered', 'undelivered', 'failed', 'read'].map((state) =>
    callback(
      `status ${state}`,
      [
        ['MessageSid', SID],
        ['MessageStatus', state],
        ['To', '+15551230001'],
        ['From', '+14155550100'],
      ],
      { event: `${SID}:${state}`, type: 'status', subject: SID },
    ),
  ),
  callback(
    'status with an error',
    [
      ['ErrorCode', '30003'],
      ['SmsSid', SID],
      ['SmsStatus', 'failed'],
      ['MessageStatus', 'failed'],
      ['MessageSid', SID],
    ],
    { event: `${SID}:failed`, type: 'status', subject: SID },
  ),
  callback(
    'status under its older names',
    [
      ['SmsSid', SID],
      ['SmsStatus', 'sent'],
    ],
    { event: `${SID}:sent`, type: 'status', subject: SID },
  ),
  callback(
    'received, but from nobody',
    [
      ['MessageSid', SID],
      ['SmsStatus', 'received'],
    ],
    { event: `${SID}:received`, type: 'status', subject: SID },
  ),
  callback(
    'a call',
    [
      ['CallSid', CALL],
      ['CallStatus', 'in-progress'],
      ['Digits', '1'],
    ],
    { event: `${CALL}:${HASHED}`, type: 'call', subject: CALL },
  ),
  callback('an event of a conversation', CONVERSATION, {
    event: `IM1:${HASHED}`,
    type: 'onMessageAdded',
    subject: 'IM1',
  }),
  callback(
    'a message with neither text nor status',
    [
      ['MessageSid', SID],
      ['From', '+1'],
    ],
    { event: `${SID}:${HASHED}`, type: 'callback', subject: SID },
  ),
  callback(
    'anything else',
    [
      ['a', '1'],
      ['2', 'b'],
      ['__proto__', 'c'],
    ],
    { event: HASHED, type: 'callback', subject: null },
  ),
];

const CLOUD_EVENT = String.raw`{"specversion":"1.0","type":"com.twilio.messaging.message.delivered","source":"\/v1\/Sinks\/DG1","id":"EZ1","time":"2026-02-02T00:00:00.123Z","data":{"messageSid":"${SID}","n":12345678901234567890}}`;
const STORED_CLOUD_EVENT: Stored = {
  event: 'EZ1',
  type: 'com.twilio.messaging.message.delivered',
  subject: SID,
  ts: '2026-02-02T00:00:00.123Z',
  payload: CLOUD_EVENT,
};
const NO_TIME = '{"specversion":"1.0","type":"com.twilio.voice.x","id":"EZ2","data":{}}';
const STORED_NO_TIME: Stored = {
  event: 'EZ2',
  type: 'com.twilio.voice.x',
  subject: null,
  ts: ARRIVAL,
  payload: NO_TIME,
};
const unparsed = (payload: string | null): Stored => ({
  event: HASHED,
  type: 'unparsed',
  subject: null,
  ts: ARRIVAL,
  payload,
});

export const JSON_CASES: readonly Case[] = [
  {
    name: 'Event Streams: each event by its id',
    body: `[${CLOUD_EVENT}, ${NO_TIME}]`,
    stored: [STORED_CLOUD_EVENT, STORED_NO_TIME],
  },
  {
    name: 'a broken event between two',
    body: `[${CLOUD_EVENT},7,${NO_TIME}]`,
    stored: [STORED_CLOUD_EVENT, unparsed('7'), STORED_NO_TIME],
  },
  {
    name: 'an event without id',
    body: '[{"type":"x"}]',
    stored: [{ event: HASHED, type: 'x', subject: null, ts: ARRIVAL, payload: '{"type":"x"}' }],
  },
  { name: 'one object', body: NO_TIME, stored: [STORED_NO_TIME] },
  { name: 'an empty list', body: ' []', stored: [unparsed('[]')] },
  {
    name: 'an empty object',
    body: '{}',
    stored: [{ event: HASHED, type: 'callback', subject: null, ts: ARRIVAL, payload: '{}' }],
  },
  { name: 'JSON that was cut', body: `[${CLOUD_EVENT.slice(0, 50)}`, stored: [unparsed(null)] },
  { name: 'nothing', body: '', stored: [unparsed(null)] },
];
