// The bytes of an answer, as Node's HTTP server writes them.
import { STATUS_CODES } from 'node:http';
import type { Reply } from '../replies.ts';

let dateSecond = 0;
let date = '';

/** The Date header's value. Made anew when the second changes, not for each answer. */
function httpDate(): string {
  const second = Math.floor(Date.now() / 1_000);
  if (second !== dateSecond) {
    dateSecond = second;
    date = new Date(second * 1_000).toUTCString();
  }
  return date;
}

/** The head and body of an answer. `keepAliveMs` is how long the connection then waits for a request; null where it closes. */
export function answerBytes(reply: Reply, requestId: string, keepAliveMs: number | null): string {
  let head = `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? ''}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(reply.body)}\r\nX-Request-ID: ${requestId}\r\n`;
  for (const name in reply.headers) head += `${name}: ${reply.headers[name]}\r\n`;
  const connection =
    keepAliveMs === null
      ? 'Connection: close'
      : `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1_000)}`;
  return `${head}Date: ${httpDate()}\r\n${connection}\r\n\r\n${reply.body}`;
}
