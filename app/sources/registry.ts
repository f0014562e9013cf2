// The schemes by name. A new one is a file in `schemes/`, its line here, and its name in `model/source.ts`.
import type { SchemeName } from '../model/source.ts';
import type { Scheme } from './scheme.ts';
import { GITHUB } from './schemes/github.ts';
import { HMAC } from './schemes/hmac.ts';
import { META } from './schemes/meta.ts';
import { ONCEBOX } from './schemes/oncebox.ts';
import { SHOPIFY } from './schemes/shopify.ts';
import { SLACK } from './schemes/slack.ts';
import { STANDARD } from './schemes/standard.ts';
import { STRIPE } from './schemes/stripe.ts';

const SCHEMES_BY_NAME: ReadonlyMap<SchemeName, Scheme> = new Map(
  [ONCEBOX, META, STANDARD, GITHUB, STRIPE, SLACK, SHOPIFY, HMAC].map((scheme) => [
    scheme.name,
    scheme,
  ]),
);

/** Returns the scheme of a name. */
export function schemeOf(name: SchemeName): Scheme {
  const scheme = SCHEMES_BY_NAME.get(name);
  if (scheme === undefined) throw new Error(`there is no scheme ${name}`);
  return scheme;
}
