// A signer that has no scheme of its own: its settings are the parts of a signature, and where id, time and type of an event are.
import type { Delivery } from '../../model/item.ts';
import { keptHeader } from '../body.ts';
import { type JsonPointer, pointedText, pointerOf } from '../json-pointer.ts';
import type { RawJson } from '../raw-json.ts';
import { receiverOf } from '../receiver.ts';
import {
  type Scheme,
  type SchemeSetting,
  type SourceSettings,
  UnusableSetting,
} from '../scheme.ts';
import { literalKey } from '../secret-text.ts';
import { HASHES } from '../signature-header.ts';
import { type SignatureParts, signatureScheme } from '../signature.ts';
import { type EventFields, singleEvent } from '../single-event.ts';
import { TOLERANCE, toleranceOf } from '../tolerance.ts';

const BODY = '{body}';
const TIMESTAMP = '{timestamp}';
const ID = '{id}';

const optional = (name: string): SchemeSetting => ({ name, required: false, secret: false });

export const HMAC: Scheme = {
  name: 'hmac',
  settings: [
    { name: 'HEADER', required: true, secret: false },
    optional('PREFIX'),
    optional('ENCODING'),
    optional('HASH'),
    optional('SIGNED'),
    optional('TIMESTAMP_HEADER'),
    TOLERANCE,
    optional('ID_HEADER'),
    optional('ID_POINTER'),
    optional('TIME_POINTER'),
    optional('TYPE_POINTER'),
  ],
  key: (secret) => literalKey(secret),
  receiver(_source, keys, settings, bodyBytesMax) {
    const parts = partsOf(settings, bodyBytesMax);
    const { idHeader } = parts;
    const pointers = {
      id: pointerSetting(settings, 'ID_POINTER'),
      time: pointerSetting(settings, 'TIME_POINTER'),
      type: pointerSetting(settings, 'TYPE_POINTER'),
    };
    if (idHeader !== null && pointers.id !== null)
      throw new UnusableSetting('ID_POINTER', 'cannot be set together with ID_HEADER');
    const fieldsOf = (delivery: Delivery, json: RawJson): EventFields => ({
      id: idHeader === null ? pointedText(json, pointers.id) : keptHeader(delivery, idHeader),
      type: pointedText(json, pointers.type),
      time: pointedText(json, pointers.time),
    });
    return receiverOf(
      signatureScheme(parts),
      keys,
      (delivery) => ({
        items: [singleEvent(delivery, bodyBytesMax, (json) => fieldsOf(delivery, json))],
      }),
      headersOf(parts),
    );
  },
};

function partsOf(settings: SourceSettings, bodyBytesMax: number): SignatureParts {
  const header = headerSetting(settings, 'HEADER');
  if (header === null)
    throw new UnusableSetting('HEADER', 'is not set: it names the header of the signature');
  const parts: SignatureParts = {
    header,
    form: { prefix: prefixOf(settings) },
    signed: signedOf(settings),
    hash: oneOf(settings, 'HASH', HASHES, 'sha256'),
    encoding: oneOf(settings, 'ENCODING', ['hex', 'base64'], 'hex') === 'hex' ? 'anyHex' : 'base64',
    time: timeOf(settings),
    idHeader: headerSetting(settings, 'ID_HEADER'),
    inflatedBytesMax: bodyBytesMax,
  };
  refuseContradictions(parts);
  return parts;
}

function timeOf(settings: SourceSettings): SignatureParts['time'] {
  const header = headerSetting(settings, 'TIMESTAMP_HEADER');
  if (header === null) {
    if (valueOf(settings, TOLERANCE.name) === '') return null;
    throw new UnusableSetting(TOLERANCE.name, 'has no meaning without TIMESTAMP_HEADER');
  }
  return {
    at: { header },
    toleranceSeconds: toleranceOf(settings),
    boundsFuture: true,
    milliseconds: true,
  };
}

function refuseContradictions(parts: SignatureParts): void {
  const { signed, time, idHeader } = parts;
  if (time === null && signed.includes(TIMESTAMP))
    throw new UnusableSetting('TIMESTAMP_HEADER', `is not set, but SIGNED has ${TIMESTAMP}`);
  // A time that is not signed can be replaced: to check it would protect nothing.
  if (time !== null && !signed.includes(TIMESTAMP))
    throw new UnusableSetting('TIMESTAMP_HEADER', `is set, but SIGNED has no ${TIMESTAMP}`);
  if (idHeader === null && signed.includes(ID))
    throw new UnusableSetting('ID_HEADER', `is not set, but SIGNED has ${ID}`);
  const names = headersOf(parts);
  if (new Set(names).size < names.length)
    throw new UnusableSetting('HEADER', 'must differ from TIMESTAMP_HEADER and ID_HEADER');
}

/** Returns the names of the headers that are read, in lower case. */
function headersOf({ header, time, idHeader }: SignatureParts): string[] {
  const timeHeader = time !== null && 'header' in time.at ? [time.at.header] : [];
  const names = [header, ...timeHeader, ...(idHeader === null ? [] : [idHeader])];
  return names.map((name) => name.toLowerCase());
}

function signedOf(settings: SourceSettings): string {
  const signed = valueOf(settings, 'SIGNED') || BODY;
  const unknown = (signed.match(/\{[A-Za-z_]*\}/g) ?? []).find(
    (placeholder) => ![BODY, TIMESTAMP, ID].includes(placeholder),
  );
  if (unknown !== undefined)
    throw new UnusableSetting(
      'SIGNED',
      `has ${unknown}: there are ${BODY}, ${TIMESTAMP} and ${ID}`,
    );
  if (!signed.includes(BODY))
    throw new UnusableSetting('SIGNED', `has no ${BODY}: any content would be accepted`);
  return signed;
}

function prefixOf(settings: SourceSettings): string {
  const prefix = valueOf(settings, 'PREFIX');
  if (prefix === '' || /^[!-~][ -~]{0,63}$/.test(prefix)) return prefix;
  throw new UnusableSetting(
    'PREFIX',
    'must be at most 64 characters of ASCII, and not begin with a space: values of headers do not',
  );
}

function headerSetting(settings: SourceSettings, name: string): string | null {
  const value = valueOf(settings, name);
  if (value === '') return null;
  if (/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(value)) return value;
  throw new UnusableSetting(name, 'must be the name of a header, such as X-Signature');
}

function pointerSetting(settings: SourceSettings, name: string): JsonPointer | null {
  const value = valueOf(settings, name);
  if (value === '') return null;
  const pointer = pointerOf(value);
  if (pointer !== null) return pointer;
  throw new UnusableSetting(
    name,
    'must be a JSON pointer (RFC 6901), such as /data/id: a slash before each name, ~1 for a slash in it and ~0 for a tilde',
  );
}

function oneOf<const Value extends string>(
  settings: SourceSettings,
  name: string,
  values: readonly Value[],
  otherwise: NoInfer<Value>,
): Value {
  const text = valueOf(settings, name);
  if (text === '') return otherwise;
  const value = values.find((one) => one === text);
  if (value !== undefined) return value;
  throw new UnusableSetting(name, `must be one of ${values.join(', ')}`);
}

/** Returns the value of a setting; empty where it is not set. */
function valueOf(settings: SourceSettings, name: string): string {
  return settings[name] ?? '';
}
