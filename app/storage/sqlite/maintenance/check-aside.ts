// Checks a file in a thread of its own, so that the caller is told how far it is, and can stop it.
import { Worker } from 'node:worker_threads';
import type { CheckName, Depth, Inspection, OnProgress } from '../../admin.ts';

/** Also where nothing is new: the caller sees that it goes on. */
const TELL_EVERY_MS = 200;

export type CheckMessage =
  | {
      readonly kind: 'progress';
      readonly name: CheckName;
      readonly done: number;
      readonly all: number | null;
    }
  | { readonly kind: 'done'; readonly inspection: Inspection }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Opens the file for reading and checks it in one snapshot. The thread has the priority of the one that calls.
 * Rejects where the file cannot be opened at all, and when `signal` is aborted.
 */
export async function checkAside(
  path: string,
  depth: Depth,
  tell: OnProgress<CheckName>,
  signal: AbortSignal,
): Promise<Inspection> {
  signal.throwIfAborted();
  const worker = new Worker(new URL('./check-thread.ts', import.meta.url), {
    workerData: { path, depth },
    name: 'check',
  });
  const { promise, resolve, reject } = Promise.withResolvers<Inspection>();
  let last: Parameters<OnProgress<CheckName>> = ['schema', 0, null];
  const timer = setInterval(() => tell(...last), TELL_EVERY_MS);
  const stop = (): void => reject(new Error('it was stopped'));
  signal.addEventListener('abort', stop);
  worker.on('message', (news: CheckMessage) => {
    if (news.kind === 'progress') last = [news.name, news.done, news.all];
    else if (news.kind === 'done') resolve(news.inspection);
    else reject(new Error(news.reason));
  });
  worker.on('error', reject);
  worker.on('exit', () => reject(new Error('the thread that checks the file ended')));
  try {
    return await promise;
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}
