// What the columns of a message say about a message of WhatsApp: its parties, and the text that a person reads.
import { member, textMember } from '../body.ts';
import { columnName } from '../items.ts';

/** Stands where the provider does not say. */
export const UNKNOWN = 'unknown';

/** With a bound: a contact may have a long text, which is the sender of each message beside it. */
const DIGITS = /^[0-9]{1,255}$/;
/** Types whose content may have a caption. */
const CAPTIONED = new Set(['image', 'video', 'document', 'audio', 'sticker']);

/**
 * Returns the sender: a phone number with its plus, or the id that Meta gives to a person who has a user name instead.
 * `contact`: the only contact that came with the message.
 */
export function senderOf(message: unknown, contact: unknown): string {
  const sender =
    textMember(message, 'from') ??
    textMember(message, 'from_user_id') ??
    textMember(message, 'from_parent_user_id') ??
    textMember(contact, 'wa_id') ??
    textMember(contact, 'user_id') ??
    textMember(contact, 'parent_user_id') ??
    UNKNOWN;
  return columnName(DIGITS.test(sender) ? `+${sender}` : sender);
}

/** Returns the recipient: the phone number of the business, which Meta writes with or without plus, spaces and brackets. */
export function recipientOf(metadata: unknown): string {
  const number = textMember(metadata, 'display_phone_number')?.replaceAll(/[^0-9]/g, '') ?? '';
  return columnName(
    number === '' ? (textMember(metadata, 'phone_number_id') ?? UNKNOWN) : `+${number}`,
  );
}

/** Returns the text of a message; null where it has none. That of an edit is the new one. */
export function textOf(message: unknown): string | null {
  return ownText(
    textMember(message, 'type') === 'edit' ? member(member(message, 'edit'), 'message') : message,
  );
}

function ownText(message: unknown): string | null {
  const type = textMember(message, 'type') ?? UNKNOWN;
  const content = member(message, type);
  if (type === 'text') return stringMember(content, 'body');
  if (type === 'button') return stringMember(content, 'text');
  if (type === 'reaction') return textMember(content, 'emoji');
  if (type === 'interactive')
    return (
      stringMember(member(content, 'button_reply'), 'title') ??
      stringMember(member(content, 'list_reply'), 'title')
    );
  return CAPTIONED.has(type) ? stringMember(content, 'caption') : null;
}

/** Returns a member that is a text, which may be empty. */
function stringMember(value: unknown, name: string): string | null {
  const text = member(value, name);
  return typeof text === 'string' ? text : null;
}
