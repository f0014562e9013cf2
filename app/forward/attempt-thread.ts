// The thread that sends: makes, signs and sends one request for each message that it gets, and replies with what came back.
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { ForwardSettings } from '../model/forward.ts';
import type { AttemptMessage, AttemptReply } from './attempts.ts';
import { Endpoint } from './endpoint.ts';
import type { Response } from './outcome.ts';
import { type AttemptOf, requestOf } from './request.ts';

const port = parentPort;
if (port === null) throw new Error('attempt-thread.ts runs as a worker thread only');
const { settings, userAgent } = workerData as {
  settings: readonly ForwardSettings[];
  userAgent: string;
};
const destinations = new Map(
  settings.map((one) => [one.name, { endpoint: new Endpoint(one), keys: keysOf(one) }]),
);

try {
  // Receiving goes first where the processors are busy, but forwarding does not stop. On Linux this is of the thread alone.
  if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
  // Without the right to do so, forwarding shares the processors with receiving.
}

port.on('message', (message: AttemptMessage) => {
  if (message.kind === 'send') void attempt(message);
  else
    for (const [name, { endpoint }] of destinations)
      if (message.name === null || message.name === name) endpoint.abort();
});

async function attempt(message: AttemptMessage & { kind: 'send' }): Promise<void> {
  const { number, name } = message;
  const reply: AttemptReply = { number, response: await send(name, message) };
  parentPort?.postMessage(reply);
}

async function send(name: string, attemptOf: AttemptOf): Promise<Response> {
  const destination = destinations.get(name);
  if (destination === undefined) throw new Error(`${name} is no destination`);
  try {
    return await destination.endpoint.post(
      requestOf(destination, attemptOf, userAgent, Date.now()),
    );
  } catch (error) {
    // Such as a header that HTTP does not allow.
    return { impossible: `no request can be made of it: ${(error as Error).message}` };
  }
}

/** Buffers arrive in a thread as plain arrays of bytes. */
function keysOf({ keys }: ForwardSettings): ForwardSettings['keys'] {
  return (
    keys && {
      current: Buffer.from(keys.current),
      previous: keys.previous && Buffer.from(keys.previous),
    }
  );
}
