// Starts the writer's thread and waits until it has opened the file, or says why it could not.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Refusal } from '../../../model/refusal.ts';
import type { StoreObserver } from '../../store.ts';
import type { WriterReply } from '../file/protocol.ts';
import type { Signals } from '../file/signals.ts';

/** Opening includes the migrations, which are short: what takes long is built asynchronously. */
const OPEN_MS_MAX = 60_000;

/** Why the file could not be opened: the message is for the operator. */
class OpenError extends Refusal {
  override readonly name = 'OpenError';
}

/** What the thread needs to know. */
export interface ThreadOptions {
  readonly path: string;
  /** Messages older than this many days are removed; null keeps all. */
  readonly retentionDays: number | null;
  /** Destinations whose unfinished items are kept longer. */
  readonly forwards: readonly string[];
}

/** Returns the thread. Rejects with OpenError. */
export async function startWriter(
  { path, retentionDays, forwards }: ThreadOptions,
  signals: Signals,
  observer: StoreObserver,
): Promise<Worker> {
  const worker = new Worker(new URL('./writer-thread.ts', import.meta.url), {
    workerData: { path, retentionDays, forwards, memory: signals.memory },
    name: 'writer',
  });
  let reply = await nextReply(worker);
  if (reply.kind === 'locked') {
    observer.waitingForLock(reply.waitMs);
    reply = await nextReply(worker);
  }
  if (reply.kind === 'opened') return worker;
  throw new OpenError(reply.kind === 'refused' ? reply.reason : `unexpected reply ${reply.kind}`);
}

/** Returns the next message of the thread. A file system that does not respond must not keep the process starting for ever. */
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
