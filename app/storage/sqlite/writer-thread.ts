// The writer's thread: opens the file, answers batches one after another, closes the file.
import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { SchemaError } from './migrations.ts';
import type { WriterReply, WriterRequest } from './protocol.ts';
import { Writer } from './writer.ts';

const port = parentPort;
if (port === null) throw new Error('writer-thread.ts runs as a worker thread only');
const { path } = workerData as { path: string };
const writer = openOrRefuse(path);
if (writer !== null) port.on('message', (request: WriterRequest) => answer(writer, request));

function reply(message: WriterReply): void {
  port?.postMessage(message);
}

function openOrRefuse(file: string): Writer | null {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const opened = new Writer(file);
    reply({ kind: 'opened' });
    return opened;
  } catch (error) {
    reply({ kind: 'refused', reason: refusal(file, error) });
    return null;
  }
}

function answer(open: Writer, request: WriterRequest): void {
  if (request.kind === 'append') {
    const start = performance.now();
    const { outcomes, failure } = open.append(request.messages);
    reply({ kind: 'appended', outcomes, commitMs: performance.now() - start, failure });
  } else if (request.kind === 'probe') {
    reply({ kind: 'probed', failure: open.probe() });
  } else {
    open.close();
    reply({ kind: 'closed' });
    port?.close();
  }
}

/** Why the file cannot be used, with the way to mend it where there is one. */
function refusal(file: string, error: unknown): string {
  if (error instanceof SchemaError) return `DATABASE_URL: ${file}: ${error.message}`;
  return (
    unwritable(dirname(file)) ??
    unwritable(file) ??
    `DATABASE_URL: ${file} cannot be opened: ${(error as Error).message}`
  );
}

function unwritable(target: string): string | null {
  try {
    accessSync(target, constants.R_OK | constants.W_OK);
    return null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    const uid = process.getuid?.() ?? 0;
    const gid = process.getgid?.() ?? 0;
    const owner = statSync(target, { throwIfNoEntry: false })?.uid ?? 'unknown';
    return (
      `DATABASE_URL: ${target} cannot be written: it belongs to uid ${owner}, and this process runs as uid ${uid}; ` +
      `mend it with: chown -R ${uid}:${gid} ${target}`
    );
  }
}
