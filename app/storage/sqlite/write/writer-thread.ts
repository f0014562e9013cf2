// The writer's thread: opens the file, commits one batch after another, closes the file.
import { dirname } from 'node:path';
import {
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  workerData,
} from 'node:worker_threads';
import type { Item } from '../../../model/item.ts';
import { isExpected } from '../../../model/refusal.ts';
import { BATCH_MESSAGES } from '../../append-queue.ts';
import { UnusableFile } from '../file/database-file.ts';
import { makeDirectory } from '../file/directory.ts';
import { failureOf } from '../file/failure.ts';
import { LIST_BACKLOG_MESSAGES_MAX } from '../file/limits.ts';
import { SchemaError } from '../file/migrations.ts';
import type { ForwardOutcome, WriterReply, WriterRequest } from '../file/protocol.ts';
import { InUseError, ServiceLock } from '../file/service-lock.ts';
import { Signals } from '../file/signals.ts';
import { Checkpoints } from './checkpoints.ts';
import { Cleaner } from './cleaner.ts';
import { rowsOf } from './forward-writer.ts';
import { Retention } from './retention.ts';
import { Writer } from './writer.ts';

const port = parentPort;
if (port === null) throw new Error('writer-thread.ts runs as a worker thread only');
const { path, retentionDays, forwards, memory } = workerData as {
  path: string;
  retentionDays: number | null;
  forwards: readonly string[];
  memory: SharedArrayBuffer;
};
const signals = new Signals(memory);

/** What a commit waits at most, when the lists lack twice LIST_BACKLOG_MESSAGES_MAX. */
const INDEX_WAIT_MS_MAX = 100;
/** Writes of forwarding in a batch. */
const BATCH_WRITES = 16;
/** Time limit of a start for a lock of another process; each attempt waits in SQLite for the busy timeout. */
const OPEN_LOCK_MS_MAX = 30_000;
const OPEN_LOCK_RETRY_MS = 100;
/** Time limit for a service before this one to stop: it finishes what it has within 10 s. */
const PREDECESSOR_MS_MAX = 15_000;

const writer = openOrRefuse(path);
if (writer !== null) run(writer);

function reply(message: WriterReply): void {
  port?.postMessage(message);
}

function openOrRefuse(file: string): Writer | null {
  try {
    makeDirectory(dirname(file));
    const opened = openOnceFree(file);
    reply({ kind: 'opened' });
    return opened;
  } catch (error) {
    reply({ kind: 'refused', reason: refusal(file, error) });
    return null;
  }
}

/** Opens the file. While another process holds a lock, as a service that stops or a shell may, it is tried again. */
function openOnceFree(file: string): Writer {
  const startMs = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return new Writer(file, ServiceLock.forService(file));
    } catch (error) {
      const waitMs = error instanceof InUseError ? PREDECESSOR_MS_MAX : OPEN_LOCK_MS_MAX;
      if (failureOf(error) !== 'locked' || performance.now() - startMs > waitMs) throw error;
      if (attempt === 1) reply({ kind: 'locked', waitMs });
      // Some locks fail at once, without the wait in SQLite.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, OPEN_LOCK_RETRY_MS);
    }
  }
}

function run(open: Writer): void {
  const checkpoints = new Checkpoints({ path, walIndex: open.wal.index }, signals, (failure) =>
    reply({ kind: 'checkpoint', failure }),
  );
  const stepped = (messages: number): void => checkpoints.committed(messages, open);
  const cleaner = new Cleaner(open, signals, stepped);
  const retention = retentionDays === null ? null : retain(retentionDays, open, stepped);
  signals.set('committedSeq', open.lastSeq);

  const commit = ({ messages, writes }: Gathered): void => {
    const start = performance.now();
    const { appended, outcomes } = open.commit(
      messages,
      writes.map(({ write }) => write),
    );
    const { failure } = appended;
    if (messages.length > 0) {
      const commitMs = performance.now() - start;
      reply({ kind: 'appended', messages: messages.length, commitMs, result: appended });
    }
    if (writes.length > 0) reply({ kind: 'forwarded', failure, outcomes: byId(writes, outcomes) });
    if (appended.failure !== null) return;
    const rows = writes.reduce((sum, { write }) => sum + rowsOf(write), appended.created);
    if (rows === 0) return;
    if (appended.created > 0) signals.set('committedSeq', appended.lastSeq);
    checkpoints.committed(rows, open);
    if (appended.created === 0) return;
    cleaner.committed();
    retention?.committed();
    letIndexFollow();
  };
  const serve = (request: WriterRequest): void => {
    if (request.kind === 'append' || request.kind === 'forward') {
      const gathered = gather(request);
      commit(gathered);
      if (gathered.next !== null) serve(gathered.next);
    } else if (request.kind === 'probe') {
      reply({ kind: 'probed', failure: open.probe() });
    } else {
      cleaner.close();
      retention?.close();
      void finish(open, checkpoints);
    }
  };
  port?.on('message', serve);
}

/** What is removed leaves the index behind it, by the indexer. */
function retain(days: number, open: Writer, stepped: (rows: number) => void): Retention {
  return new Retention({ path, days, forwards }, open, signals, {
    stepped,
    removed: (messages) => reply({ kind: 'pruned', messages }),
    ended: (pruneRun) => reply({ kind: 'prune-run', run: pruneRun }),
  });
}

/**
 * Lists and counts must stay available: before the index is so far behind that reads would be refused, the next commit waits. It
 * happens only when messages come as fast as the machine can take them, and not before the indexer has caught up once.
 */
function letIndexFollow(): void {
  const behind = signals.get('committedSeq') - signals.get('listedSeq') - LIST_BACKLOG_MESSAGES_MAX;
  if (behind <= 0 || signals.get('following') === 0) return;
  signals.waitWhile(
    'listedSeq',
    signals.get('listedSeq'),
    Math.min(INDEX_WAIT_MS_MAX, (behind / LIST_BACKLOG_MESSAGES_MAX) * INDEX_WAIT_MS_MAX),
  );
}

function nextRequest(from: MessagePort): WriterRequest | undefined {
  return receiveMessageOnPort(from)?.message as WriterRequest | undefined;
}

type ForwardRequest = Extract<WriterRequest, { kind: 'forward' }>;

/** What is committed together. */
interface Gathered {
  readonly messages: readonly Item[];
  readonly writes: readonly ForwardRequest[];
  /** The request after it; null where there is none yet. */
  readonly next: WriterRequest | null;
}

/**
 * Takes the chunks that have arrived meanwhile into the same batch, up to BATCH_MESSAGES and the rest of a chunk, and with them up to
 * BATCH_WRITES of forwarding. An idle writer commits what there is at once; a busy one finds more waiting, and makes fewer and fuller
 * commits.
 */
function gather(first: WriterRequest): Gathered {
  const messages: Item[] = [];
  const writes: ForwardRequest[] = [];
  let request: WriterRequest | undefined = first;
  while (request !== undefined) {
    if (request.kind === 'append') messages.push(...request.messages);
    else if (request.kind === 'forward') writes.push(request);
    else return { messages, writes, next: request };
    if (messages.length >= BATCH_MESSAGES || writes.length >= BATCH_WRITES) break;
    request = port === null ? undefined : nextRequest(port);
  }
  return { messages, writes, next: null };
}

/** The outcome of each write with the id of its request. */
function byId(
  writes: readonly ForwardRequest[],
  outcomes: readonly ForwardOutcome[],
): (readonly [number, ForwardOutcome])[] {
  return writes.flatMap(({ id }, place) => {
    const outcome = outcomes[place];
    return outcome === undefined ? [] : [[id, outcome] as const];
  });
}

/** The other threads first: the last checkpoint wants the file for itself. */
async function finish(open: Writer, checkpoints: Checkpoints): Promise<void> {
  await checkpoints.close();
  open.close();
  port?.close();
}

/** Why the file cannot be used, with the way to fix it where there is one. */
function refusal(file: string, error: unknown): string {
  if (error instanceof UnusableFile) return `DATABASE_URL: ${error.message}`;
  if (error instanceof SchemaError) return `DATABASE_URL: ${file}: ${error.message}`;
  if (error instanceof InUseError) {
    return `DATABASE_URL: ${file}: ${error.message}: end it first (\`fuser ${file}-lock\` names it)`;
  }
  if (failureOf(error) === 'locked') {
    return (
      `DATABASE_URL: ${file}: another process has held the write lock for more than ${OPEN_LOCK_MS_MAX / 1_000} s: ` +
      `end it (\`fuser ${file}\` names it), then start again`
    );
  }
  // A bug ends the thread, and so keeps its stack.
  if (!isExpected(error)) throw error;
  return `DATABASE_URL: ${file} cannot be opened: ${error.message}`;
}
