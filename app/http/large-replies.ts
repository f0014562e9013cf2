// Limits the memory of answers that may be large, as texts, payloads and bodies of sources are, while they wait for clients that read slowly.
import type { Exchange } from './exchange.ts';
import { type Reply, errorReply } from './replies.ts';

/** What all of them together may take until the system has it. One answer is sent whatever its size. */
const WAITING_BYTES_MAX = 128 * 1_048_576;

export class LargeReplies {
  #waitingBytes = 0;

  /**
   * Sends the reply that `read` resolves to; 503 instead where those that wait take too much memory already. Rejects with what
   * `read` rejects with.
   */
  async send(exchange: Exchange, read: () => Promise<Reply<string | Buffer>>): Promise<void> {
    const refuse = (): void => exchange.send(errorReply('too_many_bodies'));
    if (this.#waitingBytes >= WAITING_BYTES_MAX) return refuse();
    const reply = await read();
    const bytes = exchange.method === 'HEAD' ? 0 : reply.body.length;
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > WAITING_BYTES_MAX) return refuse();
    const { response } = exchange;
    // The client has gone meanwhile: there will be no further `close`.
    if (response.destroyed) return;
    this.#waitingBytes += bytes;
    response.once('close', () => {
      this.#waitingBytes -= bytes;
    });
    exchange.send(reply);
  }
}
