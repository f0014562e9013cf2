// The signing keys and the tokens: each from its variable or from a file, and never part of a message.
import { isUtf8 } from 'node:buffer';
import { ConfigError } from './config-error.ts';
import { ENVIRONMENT, type Environment } from './environment.ts';
import { readSecretFile } from './secret-file.ts';

/** The settings whose values are never shown. Those of named sources are secret too: `sources.ts` has them. */
export const SECRET_NAMES: readonly string[] = [
  'WEBHOOK_SECRET',
  'WEBHOOK_SECRET_PREVIOUS',
  'API_TOKEN',
  'METRICS_TOKEN',
];

/** Returns the variable that a secret comes from: its own, or `…_FILE` where that is set. */
export function variableOfSecret(env: Environment, name: string): string {
  return (env[`${name}_FILE`] ?? '') === '' ? name : `${name}_FILE`;
}

/**
 * A secret from its variable or from the file that `…_FILE` names; null where neither is set. DATABASE_URL is read so too, as it may hold
 * a password. Throws ConfigError.
 */
export function readSecret(env: Environment, name: string): Buffer | null {
  const fileName = `${name}_FILE`;
  const inline = env[name] ?? '';
  const file = env[fileName] ?? '';
  if (inline !== '' && file !== '')
    throw new ConfigError(`${name} and ${fileName} are both set: set one of them`);
  if (file === '') return inline === '' ? null : usableSecret(name, inline);
  const read = readSecretFile(file);
  if ('reason' in read) throw new ConfigError(`${fileName}: ${file.slice(0, 200)} ${read.reason}`);
  const { bytes } = read;
  // Raw bytes are refused: a line feed at their end could be part of the secret or not.
  if (!isUtf8(bytes)) throw notText(fileName);
  // Editors and `echo` end a file with a line feed that is not part of the secret.
  return usableSecret(fileName, bytes.toString('utf8').replace(/\r?\n$/, ''));
}

/** Bytes that are not UTF-8 would be read as U+FFFD: no signature would ever be valid. */
function notText(name: string): ConfigError {
  return new ConfigError(
    `${name} holds bytes that are not UTF-8: give it as text, such as \`openssl rand -hex 32\` makes`,
  );
}

function usableSecret(name: string, secret: string): Buffer {
  if (secret.trim() === '')
    throw new ConfigError(`${name} is blank: it must hold at least one visible character`);
  // Node reads bytes of the environment that are not UTF-8 as this character.
  if (secret.includes('\uFFFD')) throw notText(name);
  return Buffer.from(secret, 'utf8');
}

/** The key that webhooks are signed with. Throws ConfigError where there is none that can be used. */
export function readSigningKey(env: Environment = ENVIRONMENT): Buffer {
  const secret = readSecret(env, 'WEBHOOK_SECRET');
  if (secret !== null) return secret;
  throw new ConfigError('WEBHOOK_SECRET is not set: it is the key that webhooks are signed with');
}

/** A token is sent in a header: one with characters that a header cannot have would refuse every caller. */
export function readToken(env: Environment, name: string): string | null {
  const token = readSecret(env, name)?.toString('utf8') ?? null;
  if (token === null || /^[!-~]+$/.test(token)) return token;
  throw new ConfigError(`${name} must be visible ASCII characters without spaces`);
}
