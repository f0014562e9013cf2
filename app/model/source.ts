// A source: a sender that is configured by name, and the scheme by which its posts are verified and read.

/** The source of `POST /webhook`. */
export const DEFAULT_SOURCE = 'default';

/** What sources may be called. */
export const SOURCE_NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** How posts are signed and what is in them. One file each in `sources/schemes/`. */
export const SCHEMES = [
  'oncebox',
  'meta',
  'twilio',
  'standard',
  'github',
  'stripe',
  'slack',
  'shopify',
  'hmac',
] as const;

export type SchemeName = (typeof SCHEMES)[number];

/** Why a post was not accepted as one of its source. `timestamp`: the signed time is too far from ours. */
export type SignatureFault = 'missing' | 'malformed' | 'mismatch' | 'timestamp';

/** A source as it is configured, without its secrets. */
export interface ConfiguredSource {
  readonly source: string;
  readonly scheme: SchemeName;
  /** Where it posts to, without the prefix of BASE_PATH. */
  readonly path: string;
  /** Whether a previous secret is accepted too. */
  readonly previousSecret: boolean;
}

/** What is stored of one source. */
export interface SourceCounts {
  /** DEFAULT_SOURCE included. A source that is not configured any more is here as long as anything of it is stored. */
  readonly source: string;
  readonly messages: number;
  readonly events: number;
  readonly deliveries: number;
  /** When the newest stored item of it arrived, ISO-8601; null where there is none. */
  readonly lastReceivedAt: string | null;
}
