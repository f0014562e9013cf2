// Reads whole request bodies: each up to the bound of its route, and all that are in flight together up to another.
import type { IncomingMessage } from 'node:http';

/** A refused body is read and discarded up to this many times the bound, so that the client gets to read its response. */
const DISCARD_FACTOR = 16;
/** Memory for bodies that have arrived in part: thousands of stalled senders must not fill the machine. */
const IN_FLIGHT_BYTES_MAX = 128 * 1_048_576;

/** Why there is no body: it is too long, or too many are in flight. */
type NoBody = 'too_large' | 'overloaded';

export class BodyReader {
  readonly #inFlightBytesMax: number;
  #inFlightBytes = 0;

  /** `longestBytesMax` is the highest bound of any route. */
  constructor(longestBytesMax: number) {
    this.#inFlightBytesMax = Math.max(IN_FLIGHT_BYTES_MAX, 2 * longestBytesMax);
  }

  /**
   * Returns the bytes of a body of at most `bytesMax`, or why there are none as soon as that is known: from Content-Length before
   * a byte is read, else when a bound is passed; what still arrives is discarded.
   * Never settles when the client goes away first: half a body was never signed, and there is no one to reply to.
   */
  read(request: IncomingMessage, bytesMax: number): Promise<Buffer | NoBody> {
    // NaN for a chunked body: no number of bytes is known to be all of it.
    const declared = Number(request.headers['content-length']);
    if (declared > bytesMax) {
      discard(request, bytesMax);
      return Promise.resolve('too_large');
    }
    return new Promise((resolve) => {
      // Nearly always a body is one chunk: then it is neither copied nor counted as in flight.
      let chunks: Buffer[] = [];
      let bytes = 0;
      let counted = 0;
      const release = (): void => {
        this.#inFlightBytes -= counted;
        counted = 0;
        chunks = [];
      };
      const collect = (chunk: Buffer): void => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes === declared) return;
        if (counted === 0) request.once('close', release);
        this.#inFlightBytes += bytes - counted;
        counted = bytes;
        const reason = this.#excess(bytes, bytesMax);
        if (reason === null) return;
        request.off('data', collect);
        release();
        discard(request, bytesMax);
        resolve(reason);
      };
      request.on('data', collect);
      request.on('end', () => {
        resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
        release();
      });
    });
  }

  #excess(bytes: number, bytesMax: number): NoBody | null {
    if (bytes > bytesMax) return 'too_large';
    return this.#inFlightBytes > this.#inFlightBytesMax ? 'overloaded' : null;
  }
}

function discard(request: IncomingMessage, bytesMax: number): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax * DISCARD_FACTOR) request.socket.destroy();
  });
}
