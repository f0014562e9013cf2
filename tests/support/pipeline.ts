// Many requests over few connections: all are written at once and answered in order, which is how thousands fit into a test.
import type { Cleaner } from './cleanup.ts';
import { openWire } from './wire.ts';
import type { Wire, WireAnswer } from './wire.ts';

/** Sends requests one behind the other over a connection that it opens anew when the service closed it. */
export class Pipeline {
  readonly #t: Cleaner;
  readonly #port: number;
  #wire: Wire | undefined;

  constructor(t: Cleaner, port: number) {
    this.#t = t;
    this.#port = port;
  }

  /**
   * Sends complete requests and returns an answer for each, in their order.
   * When the service closes the connection after an answer, as it may after a refusal, what is left goes over a new one.
   * Throws when a request is closed upon without an answer.
   */
  async send(requests: readonly Buffer[]): Promise<WireAnswer[]> {
    const answers: WireAnswer[] = [];
    while (answers.length < requests.length) {
      const fresh = this.#wire === undefined;
      const wire = (this.#wire ??= await openWire(this.#t, this.#port));
      const before = answers.length;
      wire.write(Buffer.concat(requests.slice(before)));
      await collect(wire, requests.length - before, answers);
      if (answers.length === requests.length && answers.at(-1)?.headers['connection'] !== 'close')
        break;
      wire.destroy();
      this.#wire = undefined;
      if (fresh && answers.length === before)
        throw new Error(`no answer to ${String(requests[before]).slice(0, 2000)}`);
    }
    return answers;
  }
}

async function collect(wire: Wire, count: number, answers: WireAnswer[]): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const answer = await wire.answer();
    if (!answer) return;
    answers.push(answer);
    if (answer.headers['connection'] === 'close') return;
  }
}
