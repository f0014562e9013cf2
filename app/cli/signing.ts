// Who signs what a command prints or posts: the key of `POST /webhook`, a scheme with a key, or a configured source.
import { ENVIRONMENT } from '../config/environment.ts';
import { readSigningKey } from '../config/secrets.ts';
import { readSources } from '../config/sources.ts';
import { signatureOf } from '../ingest/signature.ts';
import type { SchemeName } from '../model/source.ts';
import { schemeOf } from '../sources/registry.ts';
import { type Signed, type Source, UnusableSetting } from '../sources/scheme.ts';
import { CommandError, EXIT } from './exit.ts';

/** The headers with which a body is posted. `id` is that of the delivery, where the provider sends one in a header. */
export type Signing = (
  body: Buffer,
  options: { readonly nowMs: number; readonly id: string },
) => Signed;

/** Returns what signs for `POST /webhook`, with WEBHOOK_SECRET. Throws ConfigError without it. */
export function defaultSigning(): Signing {
  const secret = readSigningKey();
  return (body) => ({
    headers: { 'Content-Type': 'application/json', 'X-Signature': signatureOf(secret, body) },
    query: '',
  });
}

/**
 * Returns what signs as a scheme does, with WEBHOOK_SECRET in the provider's notation. `url` is the one that is signed, where the scheme
 * signs one. Throws ConfigError for a secret that cannot be one of the scheme, and CommandError where the scheme needs more than that.
 */
export function schemeSigning(name: SchemeName, url: string | undefined): Signing {
  const secret = readSigningKey();
  const scheme = schemeOf(name);
  // Settings that are secret, such as the token of a handshake, have no part in signing.
  const unused = scheme.settings.filter(({ required, secret: hidden }) => required && hidden);
  const settings = {
    ...Object.fromEntries(unused.map((setting) => [setting.name, 'unused'])),
    ...(url === undefined ? {} : { PUBLIC_URL: url }),
  };
  const missing = scheme.settings.find(
    (setting) => setting.required && !(setting.name in settings),
  );
  if (missing !== undefined)
    throw new CommandError(
      missing.name === 'PUBLIC_URL'
        ? `scheme ${name} signs the URL too: give it with --url`
        : `scheme ${name} needs more settings, such as ${missing.name}: configure a source and use --source`,
      EXIT.usage,
    );
  try {
    const keys = { current: scheme.key(secret), previous: null };
    const receiver = scheme.receiver(name, keys, settings, Number.MAX_SAFE_INTEGER);
    return (body, options) => receiver.sign(body, options);
  } catch (error) {
    if (!(error instanceof UnusableSetting)) throw error;
    const option = error.setting === 'PUBLIC_URL' ? '--url' : 'WEBHOOK_SECRET';
    throw new CommandError(`${option} ${error.message}`, EXIT.config);
  }
}

/** Returns a configured source. Throws ConfigError for settings that cannot be used, and CommandError where there is none of that name. */
export function sourceNamed(name: string): Source {
  const sources = readSources(ENVIRONMENT);
  const source = sources.find((each) => each.name === name);
  if (source !== undefined) return source;
  const names = sources.map((each) => each.name).join(', ');
  throw new CommandError(
    `SOURCES has no source ${JSON.stringify(name.slice(0, 64))}: ${names === '' ? 'it is not set' : `there are ${names}`}`,
  );
}
