// Reads a request's body whole, up to a bound.
import type { IncomingMessage } from 'node:http';

/** A refused body is read on and thrown away up to this many times the bound, so that the client gets to read its answer. */
const DISCARD_FACTOR = 16;

/**
 * Reads the body. Gives its bytes, or `too_large` as soon as that is known: from Content-Length before
 * a byte is read, else when the bound is passed; what still comes is thrown away. Resolves to `aborted` when the client goes away.
 */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
): Promise<Buffer | 'too_large' | 'aborted'> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) {
    discard(request, bytesMax);
    return Promise.resolve('too_large');
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const collect = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= bytesMax) {
        chunks.push(chunk);
        return;
      }
      request.off('data', collect);
      chunks.length = 0;
      discard(request, bytesMax);
      resolve('too_large');
    };
    request.on('data', collect);
    request.once('end', () =>
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)),
    );
    request.once('close', () => resolve('aborted'));
    request.once('error', () => resolve('aborted'));
  });
}

function discard(request: IncomingMessage, bytesMax: number): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax * DISCARD_FACTOR) request.socket.destroy();
  });
}
