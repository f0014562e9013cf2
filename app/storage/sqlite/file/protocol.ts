// The messages between the threads of the store.
import type { EventPage, EventQuery } from '../../../model/event.ts';
import type { Delivery, Item } from '../../../model/item.ts';
import type { MessageQuery, Page } from '../../../model/page.ts';
import type { SourceCounts } from '../../../model/source.ts';
import type { Stats } from '../../../model/stats.ts';
import type { StreamPage, StreamQuery } from '../../../model/stream.ts';
import type { TimelineCounts, TimelineQuery } from '../../../model/timeline.ts';
import type { AppendOutcome, BATCH_FAILURES, PruneRun, StoreUnavailable } from '../../store.ts';
import type {
  ForwardRead,
  ForwardReadResults,
  ForwardWrite,
  ForwardWriteResult,
} from './forward-protocol.ts';

/** Outcomes are sent as their index in this list, one byte per item. */
export const APPEND_OUTCOMES = [
  'created',
  'duplicate',
  'conflict',
] as const satisfies AppendOutcome[];

/** Returns the outcomes that were sent as their index. */
export function outcomesOf(codes: Uint8Array): AppendOutcome[] {
  const outcomes: AppendOutcome[] = [];
  for (const code of codes) {
    const outcome = APPEND_OUTCOMES[code];
    if (outcome === undefined) throw new Error(`${code} is no code of an outcome`);
    outcomes.push(outcome);
  }
  return outcomes;
}

export type WriterRequest =
  | { readonly kind: 'append'; readonly messages: readonly Item[] }
  | { readonly kind: 'forward'; readonly id: number; readonly write: ForwardWrite }
  | { readonly kind: 'probe' }
  | { readonly kind: 'close' };

/** Why a batch failed as a whole. `disk`: no space, or the disk failed; it decides the readiness check. */
export type Failure = Exclude<(typeof BATCH_FAILURES)[number], 'database' | 'timeout'>;

/**
 * What became of a batch. `outcomes` has a code for each item, in order; `created` counts the rows that are stored, conflicts
 * among them; `lastSeq` is the highest number that is assigned. Where the transaction failed nothing of the batch is stored.
 */
export type AppendResult =
  | {
      readonly failure: null;
      readonly outcomes: Uint8Array;
      readonly created: number;
      readonly lastSeq: number;
    }
  | { readonly failure: Failure };

/** What became of one write of forwarding. */
export type ForwardOutcome =
  { readonly result: ForwardWriteResult } | { readonly failure: Failure };

export type WriterReply =
  | { readonly kind: 'opened' }
  /** Another process holds the write lock, which is waited for up to `waitMs`. */
  | { readonly kind: 'locked'; readonly waitMs: number }
  | { readonly kind: 'refused'; readonly reason: string }
  | {
      readonly kind: 'appended';
      readonly messages: number;
      readonly commitMs: number;
      readonly result: AppendResult;
    }
  /** Writes of forwarding by their ids; `failure`: of the transaction, and so of each of them. */
  | {
      readonly kind: 'forwarded';
      readonly failure: Failure | null;
      readonly outcomes: readonly (readonly [id: number, outcome: ForwardOutcome])[];
    }
  | { readonly kind: 'probed'; readonly failure: Failure | null }
  /** The WAL could not be copied into the file, for this reason; null: it is copied again. */
  | { readonly kind: 'checkpoint'; readonly failure: string | null }
  | { readonly kind: 'pruned'; readonly messages: number }
  | { readonly kind: 'prune-run'; readonly run: PruneRun };

export type ReaderRequest =
  | { readonly kind: 'page'; readonly query: MessageQuery }
  | { readonly kind: 'message'; readonly id: string }
  | { readonly kind: 'event'; readonly id: string }
  | { readonly kind: 'events'; readonly query: EventQuery }
  | { readonly kind: 'delivery'; readonly number: number }
  | { readonly kind: 'sources' }
  | { readonly kind: 'stats' }
  | { readonly kind: 'timeline'; readonly query: TimelineQuery }
  | { readonly kind: 'after'; readonly query: StreamQuery }
  | { readonly kind: 'check' }
  | { readonly kind: 'gauges' }
  | ForwardRead;

/** Each kind of request with its result. */
export interface ReadResults extends ForwardReadResults {
  readonly page: Page;
  readonly message: Uint8Array | null;
  readonly event: Uint8Array | null;
  readonly events: EventPage;
  readonly delivery: Delivery | null;
  readonly sources: readonly SourceCounts[];
  readonly stats: Stats;
  readonly timeline: TimelineCounts;
  readonly after: StreamPage;
  /** What is wrong with the schema as it is in the file; null when nothing is. */
  readonly check: string | null;
  readonly gauges: ReadonlyMap<string, number>;
}

export type ReaderReply =
  | { readonly result: ReadResults[ReaderRequest['kind']] }
  | { readonly failure: Pick<StoreUnavailable, 'reason' | 'message'> };
