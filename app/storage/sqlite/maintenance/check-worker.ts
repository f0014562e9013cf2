// Checks a file in a thread of its own, so that the caller sees the progress, and can stop it.
import { Worker } from 'node:worker_threads';
import { Refusal } from '../../../model/refusal.ts';
import type { CheckName, Depth, Inspection, OnProgress } from '../../admin.ts';

/** Also without news: the caller sees that it is still running. */
const PROGRESS_EVERY_MS = 200;

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
 * Opens the file for reading and checks it in one snapshot. The thread inherits the priority of the caller.
 * Rejects where the file cannot be opened, and when `signal` is aborted.
 */
export async function checkInWorker(
  path: string,
  depth: Depth,
  onProgress: OnProgress<CheckName>,
  signal: AbortSignal,
): Promise<Inspection> {
  signal.throwIfAborted();
  const worker = new Worker(new URL('./check-thread.ts', import.meta.url), {
    workerData: { path, depth },
    name: 'check',
  });
  const { promise, resolve, reject } = Promise.withResolvers<Inspection>();
  let last: Parameters<OnProgress<CheckName>> = ['schema', 0, null];
  const timer = setInterval(() => onProgress(...last), PROGRESS_EVERY_MS);
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop);
  worker.on('message', (message: CheckMessage) => {
    if (message.kind === 'progress') last = [message.name, message.done, message.all];
    else if (message.kind === 'done') resolve(message.inspection);
    else reject(new Refusal(message.reason));
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
