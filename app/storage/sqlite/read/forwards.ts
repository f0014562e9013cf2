// Runs the reads of forwarding.
import type { DatabaseSync } from 'node:sqlite';
import type { ForwardRead, ForwardReadResults } from '../file/forward-protocol.ts';
import { selectContents, selectEntries } from './forward-entries.ts';
import {
  selectDead,
  selectDeadOfIds,
  selectDeadSeqs,
  selectDue,
  selectHeld,
  selectUnfinished,
} from './forward-rows.ts';
import { selectStatuses } from './forward-status.ts';

/** Whether a request is one of forwarding. */
export function isForwardRead(request: { readonly kind: string }): request is ForwardRead {
  return request.kind.startsWith('forward:');
}

/** To be called inside a snapshot. Throws what SQLite throws. */
export function readForward(
  database: DatabaseSync,
  read: ForwardRead,
): ForwardReadResults[ForwardRead['kind']] {
  switch (read.kind) {
    case 'forward:entries':
      return selectEntries(database, read.mode, read.after, read.limit);
    case 'forward:contents':
      return selectContents(database, read.mode, read.seqs);
    case 'forward:held':
      return selectHeld(database, read.name, read.conversations);
    case 'forward:due':
      return selectDue(database, read.name, read.nowMs, read.limit);
    case 'forward:statuses':
      return selectStatuses(database);
    case 'forward:dead':
      return selectDead(database, read.name, read.after, read.limit);
    case 'forward:unfinished':
      return selectUnfinished(database, read.seq);
    case 'forward:dead-seqs':
      return selectDeadSeqs(database, read.name, read.after, read.limit);
    case 'forward:dead-ids':
      return selectDeadOfIds(database, read.name, read.ids);
  }
}
