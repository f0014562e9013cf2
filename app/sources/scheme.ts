// What a scheme is: how posts of one kind of provider are verified, what is in them, and how such a post is made. One file each in `schemes/`.
import type { Delivery, Item } from '../model/item.ts';
import type { SchemeName, SignatureFault } from '../model/source.ts';

/** One signed HTTP request as it came. */
export interface Post {
  /** As Node has them: lower-case names; values of repeated headers joined. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
  /** The query string of the request as it came, without the question mark. */
  readonly query: string;
}

/** A key, and the one before it while the provider changes over. What a key is depends on the scheme. */
export interface Keys {
  readonly current: Buffer;
  readonly previous: Buffer | null;
}

/** Settings of a source beside its secrets, by the end of the name of the variable: `TOLERANCE_SECONDS`, `PUBLIC_URL`. */
export type SourceSettings = Readonly<Record<string, string | undefined>>;

/** A setting that a scheme has beside SECRET, SECRET_PREVIOUS and MAX_BODY_BYTES, which all have. */
export interface SchemeSetting {
  readonly name: string;
  readonly required: boolean;
  /** Masked where settings are shown, and also read from the file that `<name>_FILE` names. */
  readonly secret: boolean;
}

/** Something that a scheme cannot use. `setting` is the end of the name of the variable: the caller knows the rest. */
export class UnusableSetting extends Error {
  override readonly name = 'UnusableSetting';
  readonly setting: string;

  /** `reason` completes "SOURCE_X_<setting> …", and never repeats a secret. */
  constructor(setting: string, reason: string) {
    super(reason);
    this.setting = setting;
  }
}

/** Whether a post is one of its source. `hint`: in words for the operator's log, where the form betrays the mistake. */
export type Verdict =
  | { readonly signedWith: 'current' | 'previous' }
  | { readonly fault: SignatureFault; readonly hint: string | null };

/**
 * What is answered, and whether anything is stored.
 * `items`: at least one; what cannot be parsed is an event `unparsed`, so that nothing that was signed is lost.
 * `reply`: nothing is stored, and `body` is the answer, such as the challenge of Slack.
 */
export type Decoded =
  | { readonly items: readonly Item[] }
  | { readonly reply: { readonly contentType: string; readonly body: string } };

/** The answer to a post that was stored: as the provider expects it. */
interface StoredReply {
  readonly contentType: string;
  readonly body: string;
}

/** A scheme with the settings of one source. */
export interface Receiver {
  /** Constant-time; the current key is tried first. `nowMs`: the time of arrival, for signed timestamps. Never throws. */
  verify(post: Post, nowMs: number): Verdict;
  /**
   * Names of headers that are kept with a delivery beside Content-Type, Content-Encoding and User-Agent, lower-case; one that ends in `-`
   * stands for all that begin with it.
   */
  readonly headers: readonly string[];
  /** The items of a delivery whose signature is valid. It depends on nothing but its argument, so that it can be repeated. Never throws. */
  decode(delivery: Delivery): Decoded;
  readonly stored: StoredReply;
  /** The answer to `GET`, by the query string; null where the scheme has none: then it is 405. */
  readonly handshake:
    ((query: string) => { readonly status: 200 | 403; readonly body: string }) | null;
  /**
   * The headers with which the provider would send this body, with the current key; Content-Type included. `query` is what is added to the
   * URL. `id`: that of the delivery, where the scheme has one in a header. For `oncebox sign` and `send`, and for tests.
   */
  sign(body: Buffer, options: { readonly nowMs: number; readonly id: string }): Signed;
}

export interface Signed {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: string;
}

export interface Scheme {
  readonly name: SchemeName;
  readonly settings: readonly SchemeSetting[];
  /** Returns the key of a secret in the provider's notation. Throws UnusableSetting `SECRET` where it cannot be one. */
  key(secret: Buffer): Buffer;
  /** `source` is the name of the source, `bodyBytesMax` its limit, also for an inflated body. Throws UnusableSetting. */
  receiver(source: string, keys: Keys, settings: SourceSettings, bodyBytesMax: number): Receiver;
}

/** A configured source, ready to receive. */
export interface Source {
  readonly name: string;
  readonly scheme: SchemeName;
  readonly bodyBytesMax: number;
  readonly receiver: Receiver;
  /** Whether a previous secret is configured. */
  readonly hasPrevious: boolean;
}
