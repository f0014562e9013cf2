// Slack: events as JSON, interactions and slash commands as forms. Each post is one event; the check of a URL is answered and not stored.
import type { Delivery } from '../../model/item.ts';
import { bodyText, member, textMember } from '../body.ts';
import { fieldOf, formJson, formOf, hasTooManyFields, looksLikeForm } from '../form.ts';
import { unparsed } from '../items.ts';
import { RawJson } from '../raw-json.ts';
import { receiverOf } from '../receiver.ts';
import type { Decoded, Scheme } from '../scheme.ts';
import { type Mistaken, literalKey } from '../secret-text.ts';
import { signatureScheme } from '../signature.ts';
import { type EventFields, eventOf } from '../single-event.ts';
import { TOLERANCE, toleranceOf } from '../tolerance.ts';

const MISTAKEN: Mistaken = [
  [/^xox[a-z]/, 'a token of a bot or user, not the signing secret of the app'],
  [/^xapp-/, 'a token of an app, not its signing secret'],
  [/^https?:/, 'a URL, not the signing secret of the app'],
  [/\s/, 'not a signing secret: it has white space in it'],
];

/** https://docs.slack.dev/authentication/verifying-requests-from-slack */
export const SLACK: Scheme = {
  name: 'slack',
  settings: [TOLERANCE],
  key: (secret) => literalKey(secret, MISTAKEN),
  receiver(_source, keys, settings, bodyBytesMax) {
    const signature = signatureScheme({
      header: 'X-Slack-Signature',
      form: { prefix: 'v0=' },
      signed: 'v0:{timestamp}:{body}',
      hash: 'sha256',
      encoding: 'hex',
      time: {
        at: { header: 'X-Slack-Request-Timestamp' },
        toleranceSeconds: toleranceOf(settings),
        boundsFuture: true,
        milliseconds: false,
      },
      idHeader: null,
      inflatedBytesMax: null,
    });
    return receiverOf(signature, keys, (delivery) => decode(delivery, bodyBytesMax), ['x-slack-']);
  },
};

function decode(delivery: Delivery, bodyBytesMax: number): Decoded {
  const text = bodyText(delivery, bodyBytesMax);
  const json = text === null ? null : payloadIn(text);
  if (text === null || json === null) return { items: [unparsed(delivery, delivery.body)] };
  const challenge = textMember(json.value, 'challenge');
  if (member(json.value, 'type') === 'url_verification' && challenge !== null)
    return { reply: { contentType: 'text/plain', body: challenge } };
  return { items: [eventOf(delivery, text, json, fieldsOf(json))] };
}

/** An interaction is JSON in the field `payload` of a form; a slash command is a form of several fields. */
function payloadIn(text: string): RawJson | null {
  if (!looksLikeForm(text)) return RawJson.parse(text);
  if (hasTooManyFields(text)) return null;
  const form = formOf(text);
  return RawJson.parse(fieldOf(form, 'payload') ?? '') ?? RawJson.parse(formJson(form));
}

function fieldsOf({ value }: RawJson): EventFields {
  return {
    id: textMember(value, 'event_id'),
    type: typeOf(value),
    time: member(value, 'event_time') ?? member(value, 'action_ts'),
  };
}

/** The type of the event inside a callback; that of the body otherwise. A slash command has none. */
function typeOf(value: unknown): string | null {
  const type = textMember(value, 'type');
  if (type === 'event_callback') return textMember(member(value, 'event'), 'type') ?? type;
  return type ?? (textMember(value, 'command') === null ? null : 'slash_command');
}
