// The environment, read once into a frozen Config; what cannot be used is named with its reason.
import type { DatabaseLocation } from '../model/database.ts';
import type { ForwardSettings } from '../model/forward.ts';
import type { Source } from '../sources/scheme.ts';
import { type CoreConfig, readCore } from './core.ts';
import { readDatabase } from './database.ts';
import { ENVIRONMENT, type Environment } from './environment.ts';
import { readForwards } from './forwards.ts';
import { readSecret, readSigningKey, readToken } from './secrets.ts';
import { readSources } from './sources.ts';

export interface Config extends CoreConfig {
  /** The keys that webhooks may be signed with. */
  readonly secrets: { readonly current: Buffer; readonly previous: Buffer | null };
  /** The tokens that reads ask for; null where they are open. */
  readonly tokens: { readonly api: string | null; readonly metrics: string | null };
  readonly database: DatabaseLocation;
  /** The named sources, in the order in which SOURCES has them. */
  readonly sources: readonly Source[];
  /** Where items are forwarded to, in the order in which FORWARDS has them. */
  readonly forwards: readonly ForwardSettings[];
}

/**
 * Reads every setting. An empty variable counts as absent, as compose passes unset ones.
 * Throws ConfigError for the first one that cannot be used. The secret is never part of a message.
 */
export function readConfig(env: Environment = ENVIRONMENT): Config {
  const sources = readSources(env);
  return Object.freeze({
    secrets: {
      current: readSigningKey(env),
      previous: readSecret(env, 'WEBHOOK_SECRET_PREVIOUS'),
    },
    tokens: { api: readToken(env, 'API_TOKEN'), metrics: readToken(env, 'METRICS_TOKEN') },
    database: readDatabase(env),
    sources,
    forwards: readForwards(
      env,
      sources.map(({ name }) => name),
    ),
    ...readCore(env),
  });
}
