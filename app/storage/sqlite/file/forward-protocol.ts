// The messages between the threads of the store about forwarding.
import type { ForwardMode, ForwardReport, ForwardStart } from '../../../model/forward.ts';
import type {
  ForwardChange,
  ForwardPosition,
  ForwardStatus,
  ForwardStore,
  Unfinished,
} from '../../store.ts';

/** What changes a destination: one request is applied whole or not at all, and its rows are few. */
export type ForwardWrite =
  | {
      readonly kind: 'open';
      readonly name: string;
      readonly mode: ForwardMode;
      readonly start: ForwardStart;
      readonly nowMs: number;
    }
  | { readonly kind: 'record'; readonly name: string; readonly change: ForwardChange }
  | {
      readonly kind: 'report';
      readonly name: string;
      readonly report: ForwardReport;
      readonly nowMs: number;
    }
  /** Dead letters, by their numbers. */
  | {
      readonly kind: 'retry';
      readonly name: string;
      readonly seqs: readonly number[];
      readonly nowMs: number;
    }
  | { readonly kind: 'discard'; readonly name: string; readonly seqs: readonly number[] }
  | {
      readonly kind: 'replay';
      readonly name: string;
      readonly entries: readonly Pick<Unfinished, 'seq' | 'conversation'>[];
      readonly nowMs: number;
    }
  /** Up to `limit` rows of one destination that is not configured and was not used since, and the destination with the last of them. */
  | {
      readonly kind: 'forget';
      readonly configured: readonly string[];
      readonly unusedSinceMs: number;
      readonly limit: number;
    };

/** Each kind of write with its result. */
export interface ForwardWriteResults {
  readonly open: ForwardPosition;
  readonly record: true;
  readonly report: null;
  /** How many rows. */
  readonly retry: number;
  readonly discard: number;
  readonly replay: number;
  /** Whether anything remains to be forgotten. */
  readonly forget: boolean;
}

export type ForwardWriteResult = ForwardWriteResults[ForwardWrite['kind']];

/** Reads of forwarding: of the database alone, never of its index. */
export type ForwardRead =
  | {
      readonly kind: 'forward:entries';
      readonly mode: ForwardMode;
      readonly after: number;
      readonly limit: number;
    }
  | {
      readonly kind: 'forward:contents';
      readonly mode: ForwardMode;
      readonly seqs: readonly number[];
    }
  | {
      readonly kind: 'forward:held';
      readonly name: string;
      readonly conversations: readonly string[];
    }
  | {
      readonly kind: 'forward:due';
      readonly name: string;
      readonly nowMs: number;
      readonly limit: number;
    }
  | { readonly kind: 'forward:statuses' }
  | {
      readonly kind: 'forward:dead';
      readonly name: string;
      readonly after: number;
      readonly limit: number;
    }
  | { readonly kind: 'forward:unfinished'; readonly seq: number }
  /** Numbers of dead letters after one, in order. */
  | {
      readonly kind: 'forward:dead-seqs';
      readonly name: string;
      readonly after: number;
      readonly limit: number;
    }
  /** Those of dead letters with these ids. */
  | { readonly kind: 'forward:dead-ids'; readonly name: string; readonly ids: readonly string[] };

type Result<Method extends keyof ForwardStore> = Awaited<ReturnType<ForwardStore[Method]>>;

/** Each kind of read with its result. */
export interface ForwardReadResults {
  readonly 'forward:entries': Result<'entries'>;
  readonly 'forward:contents': Result<'contents'>;
  readonly 'forward:held': Result<'held'>;
  readonly 'forward:due': Result<'due'>;
  readonly 'forward:statuses': readonly ForwardStatus[];
  readonly 'forward:dead': Result<'dead'>;
  readonly 'forward:unfinished': Result<'unfinishedOf'>;
  readonly 'forward:dead-seqs': readonly number[];
  readonly 'forward:dead-ids': readonly number[];
}
