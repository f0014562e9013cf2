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
import { TWILIO } from './schemes/twilio.ts';

const SCHEMES_BY_NAME: Readonly<Record<SchemeName, Scheme>> = {
  oncebox: ONCEBOX,
  meta: META,
  twilio: TWILIO,
  standard: STANDARD,
  github: GITHUB,
  stripe: STRIPE,
  slack: SLACK,
  shopify: SHOPIFY,
  hmac: HMAC,
};

/** Returns the scheme of a name. */
export function schemeOf(name: SchemeName): Scheme {
  return SCHEMES_BY_NAME[name];
}
