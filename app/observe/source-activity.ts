// What this process has seen of each source since it started: for those who set one up and wait for its first post.
import { DEFAULT_SOURCE } from '../model/source.ts';

/** Times are those of this process, ISO-8601; null where it has seen no such post. */
export interface SourceActivity {
  /** The last post that was accepted; always null for the default source, whose posts are not looked at one by one. */
  readonly lastAcceptedAt: string | null;
  /**
   * The last post that was refused. `reason`: a SignatureFault, an UnavailableReason, or the outcome where that says it all; `hint`: what
   * the sender may have done wrong, in words.
   */
  readonly lastFailure: {
    readonly at: string;
    readonly reason: string;
    readonly hint: string | null;
  } | null;
  /** The last post that was signed with the previous secret: it is still in use. */
  readonly previousUsedAt: string | null;
}

const NOTHING: SourceActivity = { lastAcceptedAt: null, lastFailure: null, previousUsedAt: null };

/** One entry for each source: names that callers make up have none. */
export class SourceActivities {
  readonly #activities: Map<string, SourceActivity>;

  /** `names`: the configured sources; the default one is added. */
  constructor(names: readonly string[]) {
    this.#activities = new Map([DEFAULT_SOURCE, ...names].map((name) => [name, NOTHING]));
  }

  /** A post was accepted. */
  accepted(source: string): void {
    this.#set(source, { lastAcceptedAt: now() });
  }

  /** A post was refused. */
  refused(source: string, reason: string, hint: string | null): void {
    this.#set(source, { lastFailure: { at: now(), reason, hint } });
  }

  /** A post was signed with the previous secret. */
  previousUsed(source: string): void {
    this.#set(source, { previousUsedAt: now() });
  }

  /** Returns what is known of a source; of one that is not configured nothing is. */
  of(source: string): SourceActivity {
    return this.#activities.get(source) ?? NOTHING;
  }

  #set(source: string, change: Partial<SourceActivity>): void {
    const known = this.#activities.get(source);
    if (known !== undefined) this.#activities.set(source, { ...known, ...change });
  }
}

function now(): string {
  return new Date().toISOString();
}
