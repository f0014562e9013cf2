// Starts the writer's thread and waits until it has opened the file, or says why it could not.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Refusal } from '../../model/refusal.ts';
import type { StoreObserver } from '../../model/store.ts';
import type { WriterReply } from './protocol.ts';

/** Opening includes the migrations, which are short: what takes long is filled behind. */
const OPEN_MS_MAX = 60_000;

/** Why the file could not be opened: the message is for the operator. */
class OpenError extends Refusal {
  override readonly name = 'OpenError';
}

/**
 * Gives the thread, and whether no other service used the file when it was opened. Rejects with OpenError.
 * `retentionDays`: messages older than this many days are removed; null keeps all. `gate`: memory of the gate before searches.
 */
export async function startWriter(
  path: string,
  retentionDays: number | null,
  gate: SharedArrayBuffer,
  observer: StoreObserver,
): Promise<{ worker: Worker; alone: boolean }> {
  const worker = new Worker(new URL('./writer-thread.ts', import.meta.url), {
    workerData: { path, retentionDays, gate },
    name: 'writer',
  });
  let reply = await nextReply(worker);
  if (reply.kind === 'locked') {
    observer.waitingForLock(reply.waitMs);
    reply = await nextReply(worker);
  }
  if (reply.kind === 'opened') return { worker, alone: reply.alone };
  throw new OpenError(reply.kind === 'refused' ? reply.reason : `unexpected reply ${reply.kind}`);
}

/** What the thread says next. A file system that does not answer must not keep the process starting for ever. */
async function nextReply(worker: Worker): Promise<WriterReply> {
  const signal = AbortSignal.timeout(OPEN_MS_MAX);
  try {
    const [reply] = (await once(worker, 'message', { signal })) as [WriterReply];
    return reply;
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new OpenError(`DATABASE_URL: the file could not be opened within ${OPEN_MS_MAX} ms`);
  }
}
