// The thread that sends: builds, signs and sends one request for each message that it gets, and replies with what came back.
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { ForwardSettings } from '../model/forward.ts';
import type { AttemptMessage, AttemptReply } from './attempts.ts';
import type { Response } from './outcome.ts';
import { requestOf } from './request.ts';

const port = parentPort;
if (port === null) throw new Error('attempt-thread.ts runs as a worker thread only');
const { settings, userAgent } = workerData as {
  settings: readonly ForwardSettings[];
  userAgent: string;
};
/** Of an answer only the status counts: so much of its body is read, so that the connection can be used again. */
const ANSWER_BYTES_MAX = 65_536;

const destinations = new Map(settings.map((one) => [one.name, one]));
const aborts = new Map(settings.map(({ name }) => [name, new AbortController()]));

try {
  // Receiving goes first where the processors are busy. On Linux this is of the thread alone.
  if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_LOW);
} catch {
  // Without the right to do so, forwarding shares the processors with receiving.
}

port.on('message', (message: AttemptMessage) => {
  if (message.kind === 'send') void send(message).then((reply) => port.postMessage(reply));
  else for (const name of message.name === null ? aborts.keys() : [message.name]) abort(name);
});

function abort(name: string): void {
  aborts.get(name)?.abort();
  aborts.set(name, new AbortController());
}

async function send(message: AttemptMessage & { kind: 'send' }): Promise<AttemptReply> {
  const { number, name } = message;
  const destination = destinations.get(name);
  const aborted = aborts.get(name)?.signal;
  if (destination === undefined || aborted === undefined)
    throw new Error(`${name} is no destination`);
  const time = AbortSignal.timeout(destination.timeoutMs);
  try {
    const { headers, body } = requestOf(destination, message, userAgent, Date.now());
    const response = await fetch(destination.url, {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : Buffer.from(body),
      redirect: 'manual',
      signal: AbortSignal.any([time, aborted]),
    });
    const { status } = response;
    const retryAfter = response.headers.get('retry-after');
    await discard(response);
    return { number, response: { status, retryAfter } };
  } catch (error) {
    return { number, response: failureOf(error, aborted, time, destination.timeoutMs) };
  }
}

async function discard({ body }: globalThis.Response): Promise<void> {
  if (body === null) return;
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) return;
  }
}

function failureOf(
  error: unknown,
  aborted: AbortSignal,
  time: AbortSignal,
  timeoutMs: number,
): Response {
  if (aborted.aborted) return { aborted: true };
  if (time.aborted) return { error: `no answer within ${timeoutMs / 1_000} s` };
  const { message, cause } = error as Error;
  return { error: cause instanceof Error ? cause.message || cause.name : message };
}
