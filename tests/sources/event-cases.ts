// What is stored of each post of a provider whose posts are one event: by its headers and body.
import type { SchemeName } from '../../app/model/source.ts';
import type { SourceSettings } from '../../app/sources/scheme.ts';
import { ARRIVAL, HASHED } from './decoded.ts';

export interface EventCase {
  readonly name: string;
  readonly scheme: SchemeName;
  readonly settings?: SourceSettings;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  readonly id: string;
  readonly type: string;
  readonly ts: string;
  /** The body, where it is not given. */
  readonly payload?: string;
}

const PUSH =
  '{"ref":"refs/heads/main","repository":{"id":1,"full_name":"acme/widget"},"head_commit":{"message":"Fix \\ud83d\\ude80","timestamp":"2026-02-02T01:00:00+01:00"}}';
const PAYMENT =
  '{"id":"evt_TEST0001","object":"event","created":1769990000,"type":"payment_intent.succeeded","pending_webhooks":1,"data":{"object":{"id":"pi_TEST1","amount":1099}}}';
const RECEIVED =
  '{"type":"message.received","timestamp":"2026-02-02T00:00:00.123456Z","data":{"id":"m1"}}';
const CALLBACK =
  '{"type":"event_callback","event_id":"Ev1","event_time":1769990000,"event":{"type":"app_mention","ts":"1769990000.000100"}}';
const INTERACTION =
  '{"type":"block_actions","action_ts":"1769990000.000100","actions":[{"value":"é \\/"}]}';
const ORDER = '{"id":450789469,"total_price":"409.94"}';

const form = (fields: Readonly<Record<string, string>>): string =>
  new URLSearchParams(fields).toString();
const standardHeaders = (prefix: string): Readonly<Record<string, string>> => ({
  [`${prefix}-id`]: `${prefix}_1`,
  [`${prefix}-timestamp`]: '1769990000',
  [`${prefix}-signature`]: 'v1,AA',
});

const github = { scheme: 'github', ts: ARRIVAL } as const;
const stripe = { scheme: 'stripe' } as const;
const slack = { scheme: 'slack' } as const;
const shopify = { scheme: 'shopify', body: ORDER } as const;
const standard = { scheme: 'standard' } as const;

export const PRESET_CASES: readonly EventCase[] = [
  {
    ...github,
    name: 'a push',
    headers: { 'x-github-event': 'push', 'x-github-delivery': 'd1' },
    body: PUSH,
    id: 'd1',
    type: 'push',
  },
  {
    ...github,
    name: 'a push as a form',
    headers: { 'x-github-event': 'push', 'x-github-delivery': 'd1' },
    body: form({ payload: PUSH }),
    id: 'd1',
    type: 'push',
    payload: PUSH,
  },
  { ...github, name: 'no headers', body: ' {}\n', id: HASHED, type: 'event', payload: '{}' },
  {
    ...github,
    name: 'headers that are empty',
    headers: { 'x-github-event': '', 'x-github-delivery': '' },
    body: '{}',
    id: HASHED,
    type: 'event',
  },
  {
    ...stripe,
    name: 'a payment',
    body: PAYMENT,
    id: 'evt_TEST0001',
    type: 'payment_intent.succeeded',
    ts: '2026-02-01T23:53:20Z',
  },
  {
    ...stripe,
    name: 'no id, type and time',
    body: '{"a":1e400}',
    id: HASHED,
    type: 'event',
    ts: ARRIVAL,
  },
  {
    ...stripe,
    name: 'fields of other types',
    body: '{"id":7,"type":["a"],"created":"soon"}',
    id: HASHED,
    type: 'event',
    ts: ARRIVAL,
  },
  { ...stripe, name: 'a list', body: '[1,{"id":"evt_1"}]', id: HASHED, type: 'event', ts: ARRIVAL },
  {
    ...stripe,
    name: 'a number',
    body: '12345678901234567890',
    id: HASHED,
    type: 'event',
    ts: ARRIVAL,
  },
  { ...stripe, name: 'null', body: 'null', id: HASHED, type: 'event', ts: ARRIVAL },
  {
    ...stripe,
    name: 'names of the prototype of objects',
    body: '{"__proto__":{"id":"evt_1","type":"a"},"constructor":1}',
    id: HASHED,
    type: 'event',
    ts: ARRIVAL,
  },
  {
    ...slack,
    name: 'an event of a callback',
    body: CALLBACK,
    id: 'Ev1',
    type: 'app_mention',
    ts: '2026-02-01T23:53:20Z',
  },
  {
    ...slack,
    name: 'a notice about limits',
    body: '{"type":"app_rate_limited","minute_rate_limited":1769990000}',
    id: HASHED,
    type: 'app_rate_limited',
    ts: ARRIVAL,
  },
  {
    ...slack,
    name: 'an interaction',
    body: form({ payload: INTERACTION }),
    id: HASHED,
    type: 'block_actions',
    ts: '2026-02-01T23:53:20.000100Z',
    payload: INTERACTION,
  },
  {
    ...slack,
    name: 'a slash command',
    body: 'token=t&command=%2Fask&text=Ol%C3%A1+you&channel_id=C1&text=again',
    id: HASHED,
    type: 'slash_command',
    ts: ARRIVAL,
    payload: '{"token":"t","command":"/ask","text":["Olá you","again"],"channel_id":"C1"}',
  },
  {
    ...slack,
    name: 'a form with a payload that is no JSON',
    body: 'payload=%7B&a=1',
    id: HASHED,
    type: 'event',
    ts: ARRIVAL,
    payload: '{"payload":"{","a":"1"}',
  },
  {
    ...slack,
    name: 'a check of a URL without a challenge',
    body: '{"type":"url_verification","challenge":7}',
    id: HASHED,
    type: 'url_verification',
    ts: ARRIVAL,
  },
  {
    ...shopify,
    name: 'an order',
    headers: {
      'x-shopify-topic': 'orders/create',
      'x-shopify-event-id': 'e1',
      'x-shopify-webhook-id': 'w1',
      'x-shopify-triggered-at': '2026-02-02T00:00:00.123456789Z',
    },
    id: 'e1',
    type: 'orders/create',
    ts: '2026-02-02T00:00:00.123456789Z',
  },
  {
    ...shopify,
    name: 'an order of a version without event ids',
    headers: { 'x-shopify-topic': 'orders/create', 'x-shopify-webhook-id': 'w1' },
    id: 'w1',
    type: 'orders/create',
    ts: ARRIVAL,
  },
  {
    ...standard,
    name: 'a message',
    headers: standardHeaders('webhook'),
    body: RECEIVED,
    id: 'webhook_1',
    type: 'message.received',
    ts: '2026-02-02T00:00:00.123456Z',
  },
  {
    ...standard,
    name: 'headers of Svix, and no time in the body that can be read',
    headers: standardHeaders('svix'),
    body: '{"type":"a","timestamp":"today"}',
    id: 'svix_1',
    type: 'a',
    ts: '2026-02-01T23:53:20Z',
  },
  {
    ...standard,
    name: 'an id that is not signed beside the headers of Svix that are',
    headers: { ...standardHeaders('svix'), 'webhook-id': 'webhook_2', 'webhook-timestamp': '1' },
    body: RECEIVED,
    id: 'svix_1',
    type: 'message.received',
    ts: '2026-02-02T00:00:00.123456Z',
  },
  {
    ...standard,
    name: 'both sets of headers',
    headers: { ...standardHeaders('svix'), ...standardHeaders('webhook') },
    body: RECEIVED,
    id: 'webhook_1',
    type: 'message.received',
    ts: '2026-02-02T00:00:00.123456Z',
  },
];
