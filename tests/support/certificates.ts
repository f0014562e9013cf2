// Certificates for servers of the tests, and the authority that signs them: made anew each time, as X.509 in DER (RFC 5280).
import { type KeyObject, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const DAY_MS = 86_400_000;

/** What a server needs, in PEM. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

/** When a certificate is valid. */
interface Validity {
  readonly from: Date;
  readonly to: Date;
}

/** A certificate authority that nobody trusts who is not told to. */
export class Authority {
  /** Its own certificate, in PEM. */
  readonly cert: string;
  readonly #name: string;
  readonly #key: KeyObject;

  constructor(name: string) {
    const { publicKey, privateKey } = newKeys();
    this.#name = name;
    this.#key = privateKey;
    this.cert = this.#sign(
      name,
      publicKey,
      validFor(2),
      extension(BASIC_CONSTRAINTS, der(SEQUENCE, der(BOOLEAN, TRUE))),
    );
  }

  /** Makes a certificate for a host, valid from yesterday for so many days: with 0 it has expired. */
  issue(host: string, days = 2): Identity {
    const { publicKey, privateKey } = newKeys();
    const names = der(SEQUENCE, der(DNS_NAME, Buffer.from(host)));
    return {
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      cert: this.#sign(host, publicKey, validFor(days), extension(SUBJECT_ALT_NAME, names)),
    };
  }

  #sign(subject: string, publicKey: KeyObject, { from, to }: Validity, extensions: Buffer): string {
    const content = der(
      SEQUENCE,
      der(VERSION, der(INTEGER, Buffer.from([2]))),
      der(INTEGER, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      ECDSA_WITH_SHA256,
      nameOf(this.#name),
      der(SEQUENCE, timeOf(from), timeOf(to)),
      nameOf(subject),
      publicKey.export({ type: 'spki', format: 'der' }),
      der(EXTENSIONS, der(SEQUENCE, extensions)),
    );
    const signature = Buffer.concat([Buffer.from([0]), sign('sha256', content, this.#key)]);
    return pemOf(der(SEQUENCE, content, ECDSA_WITH_SHA256, der(BIT_STRING, signature)));
  }
}

const [BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OBJECT_ID] = [0x01, 0x02, 0x03, 0x04, 0x06];
const [UTF8_STRING, UTC_TIME, SEQUENCE, SET] = [0x0c, 0x17, 0x30, 0x31];
/** Tags whose meaning depends on where they stand. */
const [VERSION, EXTENSIONS, DNS_NAME] = [0xa0, 0xa3, 0x82];
const TRUE = Buffer.from([0xff]);
const ECDSA_WITH_SHA256 = der(SEQUENCE, der(OBJECT_ID, Buffer.from('2a8648ce3d040302', 'hex')));
const COMMON_NAME = '550403';
const SUBJECT_ALT_NAME = '551d11';
const BASIC_CONSTRAINTS = '551d13';

function newKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function validFor(days: number): Validity {
  const from = Date.now() - DAY_MS;
  return { from: new Date(from), to: new Date(from + days * DAY_MS) };
}

/** One value: its tag, its length, and its parts. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const long = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...(length < 128 ? [length] : long)]), content]);
}

function nameOf(text: string): Buffer {
  const type = der(OBJECT_ID, Buffer.from(COMMON_NAME, 'hex'));
  return der(SEQUENCE, der(SET, der(SEQUENCE, type, der(UTF8_STRING, Buffer.from(text)))));
}

function timeOf(date: Date): Buffer {
  return der(UTC_TIME, Buffer.from(`${date.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`));
}

function extension(id: string, value: Buffer): Buffer {
  return der(SEQUENCE, der(OBJECT_ID, Buffer.from(id, 'hex')), der(OCTET_STRING, value));
}

function pemOf(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
