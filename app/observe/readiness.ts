// Whether the service may be sent requests: each check by its name, evaluated on every call.
import type { Store } from '../storage/store.ts';
import type { UnavailableReason } from '../model/unavailable.ts';

export interface Readiness {
  /** Why the service is not ready; null when it is. */
  readonly reason: UnavailableReason | null;
  /** Each check: `ok`, or what is wrong. */
  readonly checks: Readonly<Record<'secret' | 'store' | 'schema' | 'writer' | 'disk', string>>;
}

/** Returns the state of each check as it is now: nothing is cached. `secret` is the current signing key. */
export async function readiness(secret: Buffer, store: Store): Promise<Readiness> {
  const { checks, reason } = await store.check();
  const isSet = secret.length > 0;
  const state = (problem: string | null): string => problem ?? 'ok';
  return {
    reason: reason ?? (isSet ? null : 'other'),
    checks: {
      secret: isSet ? 'ok' : 'not set',
      store: state(checks.store),
      schema: state(checks.schema),
      writer: state(checks.writer),
      disk: state(checks.disk),
    },
  };
}
