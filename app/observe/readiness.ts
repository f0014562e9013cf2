// Whether the service may be sent requests: each check by its name, looked at anew every time.
import type { Store } from '../storage/store.ts';

export interface Readiness {
  readonly ready: boolean;
  /** Each check: `ok`, or what is wrong. */
  readonly checks: Readonly<Record<'secret' | 'store' | 'schema' | 'writer' | 'disk', string>>;
}

/** Looks at the secret and at the store as they are now. */
export async function readiness(secret: Buffer, store: Store): Promise<Readiness> {
  const health = await store.check();
  const problems = { secret: secret.length > 0 ? null : 'not set', ...health };
  const state = (problem: string | null): string => problem ?? 'ok';
  return {
    ready: Object.values(problems).every((problem) => problem === null),
    checks: {
      secret: state(problems.secret),
      store: state(problems.store),
      schema: state(problems.schema),
      writer: state(problems.writer),
      disk: state(problems.disk),
    },
  };
}
