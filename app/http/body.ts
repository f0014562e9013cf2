// Reads the bodies of requests whole: each up to a bound, and all that are under way together up to another.
import type { IncomingMessage } from 'node:http';

/** A refused body is read on and thrown away up to this many times the bound, so that the client gets to read its answer. */
const DISCARD_FACTOR = 16;
/** Memory for bodies that have not arrived whole: thousands of stalled senders must not fill the machine. */
const UNDER_WAY_BYTES_MAX = 128 * 1_048_576;

/** Why there is no body: it is too long, or too many are under way. */
type NoBody = 'too_large' | 'overloaded';

export class BodyReader {
  readonly #bytesMax: number;
  readonly #underWayBytesMax: number;
  #underWayBytes = 0;

  /** `bytesMax` is the longest body that is accepted. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#underWayBytesMax = Math.max(UNDER_WAY_BYTES_MAX, 2 * bytesMax);
  }

  /**
   * Reads the body. Gives its bytes, or why there are none as soon as that is known: from Content-Length before
   * a byte is read, else when a bound is passed; what still comes is thrown away.
   * Never settles when the client goes away first: half a body was never signed, and nobody is left to answer.
   */
  read(request: IncomingMessage): Promise<Buffer | NoBody> {
    // NaN for a chunked body: no number of bytes is known to be all of it.
    const declared = Number(request.headers['content-length']);
    if (declared > this.#bytesMax) {
      this.#discard(request);
      return Promise.resolve('too_large');
    }
    return new Promise((resolve) => {
      // Nearly always a body is one chunk: then it is neither copied nor counted as under way.
      let chunks: Buffer[] = [];
      let bytes = 0;
      let counted = 0;
      const release = (): void => {
        this.#underWayBytes -= counted;
        counted = 0;
        chunks = [];
      };
      const collect = (chunk: Buffer): void => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes === declared) return;
        if (counted === 0) request.once('close', release);
        this.#underWayBytes += bytes - counted;
        counted = bytes;
        const reason = this.#excess(bytes);
        if (reason === null) return;
        request.off('data', collect);
        release();
        this.#discard(request);
        resolve(reason);
      };
      request.on('data', collect);
      request.on('end', () => {
        resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
        release();
      });
    });
  }

  #excess(bytes: number): NoBody | null {
    if (bytes > this.#bytesMax) return 'too_large';
    return this.#underWayBytes > this.#underWayBytesMax ? 'overloaded' : null;
  }

  #discard(request: IncomingMessage): void {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > this.#bytesMax * DISCARD_FACTOR) request.socket.destroy();
    });
  }
}
