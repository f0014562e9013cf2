// What the columns of a message say about a message of WhatsApp: its parties, and the text that a person reads.
import { columnName } from '../items.ts';
import { isObject } from '../raw-json.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Stands where the provider does not say. */
export const UNKNOWN = 'unknown';

const DIGITS = /^[0-9]+$/;
/** Types whose content may have a caption. */
const CAPTIONED = new Set(['image', 'video', 'document', 'audio', 'sticker']);

/** Returns a member that is a text and not empty; null where there is none. */
export function nameIn(fields: Fields, name: string): string | null {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/**
 * Returns the sender: a phone number with its plus, or the id that Meta gives to a person who has a user name instead.
 * `contact`: the one contact that came with the message.
 */
export function senderOf(message: Fields, contact: Fields): string {
  const sender =
    nameIn(message, 'from') ??
    nameIn(message, 'from_user_id') ??
    nameIn(message, 'from_parent_user_id') ??
    nameIn(contact, 'wa_id') ??
    nameIn(contact, 'user_id') ??
    nameIn(contact, 'parent_user_id') ??
    UNKNOWN;
  return columnName(DIGITS.test(sender) ? `+${sender}` : sender);
}

/** Returns the recipient: the phone number of the business, which Meta writes with or without plus, spaces and brackets. */
export function recipientOf(metadata: Fields): string {
  const digits = (nameIn(metadata, 'display_phone_number') ?? '').replaceAll(/[^0-9]/g, '');
  return columnName(
    digits === '' ? (nameIn(metadata, 'phone_number_id') ?? UNKNOWN) : `+${digits}`,
  );
}

/** Returns the text of a message; null where it has none. That of an edit is the new text. */
export function textOf(message: Fields): string | null {
  const edit = message['type'] === 'edit' ? contentOf(message, 'edit')['message'] : null;
  return ownText(isObject(edit) ? edit : message);
}

function ownText(message: Fields): string | null {
  const type = nameIn(message, 'type') ?? UNKNOWN;
  const content = contentOf(message, type);
  if (type === 'text') return stringIn(content, 'body');
  if (type === 'button') return stringIn(content, 'text');
  if (type === 'reaction') return nameIn(content, 'emoji');
  if (type === 'interactive')
    return (
      stringIn(contentOf(content, 'button_reply'), 'title') ??
      stringIn(contentOf(content, 'list_reply'), 'title')
    );
  return CAPTIONED.has(type) ? stringIn(content, 'caption') : null;
}

/** Returns a member that is an object; an empty one where there is none. */
function contentOf(fields: Fields, name: string): Fields {
  const content = fields[name];
  return isObject(content) ? content : {};
}

function stringIn(fields: Fields, name: string): string | null {
  const value = fields[name];
  return typeof value === 'string' ? value : null;
}
