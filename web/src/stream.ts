// Follows the stream of messages with fetch: unlike EventSource it can send a token.
import { call, type Message } from './api.ts';

export interface Followed {
  readonly seq: number;
  readonly message: Message;
}

const RECONNECT_MS = 1_000;

/** Calls back with what arrives and with whether the stream is open, until the signal; reconnects where it left off. */
export async function follow(
  signal: AbortSignal,
  arrived: (messages: Followed[]) => void,
  open: (isOpen: boolean) => void,
): Promise<void> {
  let lastId = '';
  while (!signal.aborted) {
    try {
      const headers = lastId === '' ? {} : { 'Last-Event-ID': lastId };
      const response = await call('/messages/stream', { signal, headers });
      if (response.ok && response.body !== null) {
        open(true);
        await read(response.body, (id, messages) => {
          lastId = id;
          if (messages.length > 0) arrived(messages);
        });
      }
    } catch {
      // The connection broke or was ended: both are tried again, unless it was we who ended it.
    }
    open(false);
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}

async function read(
  body: ReadableStream<Uint8Array>,
  take: (lastId: string, messages: Followed[]) => void,
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + decoder.decode(value, { stream: true })).split('\n\n');
    rest = events.pop() ?? '';
    const messages: Followed[] = [];
    let lastId: string | null = null;
    for (const event of events) {
      const id = fieldOf(event, 'id');
      if (id === null) continue;
      lastId = id;
      const data = fieldOf(event, 'data');
      if (data !== null) messages.push({ seq: Number(id), message: JSON.parse(data) as Message });
    }
    if (lastId !== null) take(lastId, messages);
  }
}

/** A field of an event. Lines end with a line feed only: a text may hold U+2028, which ends a line elsewhere. */
function fieldOf(event: string, name: string): string | null {
  const line = event.split('\n').find((start) => start.startsWith(`${name}: `));
  return line?.slice(name.length + 2) ?? null;
}
