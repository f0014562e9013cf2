// Reads a request's body whole, up to a bound.
import type { IncomingMessage } from 'node:http';

/** A refused body is read on and thrown away up to this many times the bound, so that the client gets to read its answer. */
const DISCARD_FACTOR = 16;

/**
 * Reads the body. Gives its bytes, or `too_large` as soon as that is known: from Content-Length before
 * a byte is read, else when the bound is passed; what still comes is thrown away.
 * Never settles when the client goes away first: half a body was never signed, and nobody is left to answer.
 */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
): Promise<Buffer | 'too_large'> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) {
    discard(request, bytesMax);
    return Promise.resolve('too_large');
  }
  return new Promise((resolve) => {
    // Nearly always a body is one chunk: then it is not copied.
    let first: Buffer | null = null;
    let more: Buffer[] | null = null;
    let bytes = 0;
    const collect = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        request.off('data', collect);
        first = null;
        more = null;
        discard(request, bytesMax);
        resolve('too_large');
      } else if (first === null) first = chunk;
      else if (more === null) more = [first, chunk];
      else more.push(chunk);
    };
    request.on('data', collect);
    request.on('end', () => {
      resolve(more === null ? (first ?? Buffer.alloc(0)) : Buffer.concat(more));
    });
  });
}

function discard(request: IncomingMessage, bytesMax: number): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax * DISCARD_FACTOR) request.socket.destroy();
  });
}
