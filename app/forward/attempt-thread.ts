// The thread that sends: makes, signs and sends one request for each message that it gets, and replies with what came back.
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { ForwardSettings } from '../model/forward.ts';
import type { AttemptMessage, AttemptReply } from './attempts.ts';
import { Endpoint } from './endpoint.ts';
import type { Response } from './outcome.ts';
import { type AttemptOf, type AttemptRequest, requestOf } from './request.ts';

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
  // Receiving goes first where the processors are busy. On Linux this is of the thread alone.
  if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_LOW);
} catch {
  // Without the right to do so, forwarding shares the processors with receiving.
}

port.on('message', (message: AttemptMessage) => {
  if (message.kind === 'send')
    void send(message.name, message).then((response) => {
      const reply: AttemptReply = { number: message.number, response };
      port.postMessage(reply);
    });
  else
    for (const [name, { endpoint }] of destinations)
      if (message.name === null || message.name === name) endpoint.abort();
});

async function send(name: string, attempt: AttemptOf): Promise<Response> {
  const destination = destinations.get(name);
  if (destination === undefined) throw new Error(`${name} is no destination`);
  let request: AttemptRequest;
  try {
    request = requestOf(destination, attempt, userAgent, Date.now());
    return await destination.endpoint.post(request);
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
