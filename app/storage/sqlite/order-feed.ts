// When the orders are filled: by steps between two commits while messages come, and all that is left when none come.
import type { OrderFiller } from './order-filler.ts';
import { TAIL_MESSAGES_MAX } from './tail-limit.ts';
import type { Writer } from './write/writer.ts';

/** After so many messages there is a step. The next commit waits for it, so that it has to be short. */
const STEP_EVERY = 256;
/** Messages of a step on the order by time: neighbours share pages, so that many at once cost less. */
const TIME_MESSAGES = 512;
/**
 * Messages of a step on the order by sender, and of one on both when no messages come. Every second step is one, so that
 * the order by sender takes 768 messages in the time in which 512 arrive, and the next round can gather meanwhile.
 */
const SENDER_MESSAGES = 768;
/** While messages keep coming, so many make a round of the order by sender. A reader holds those that wait for it in memory. */
const ROUND_MESSAGES = 16_384;
/** After this long without a message, what is left is filled, however little it is. */
const IDLE_MS = 10;
/** After a failure the orders wait this long before they are tried again. */
const RETRY_MS = 1_000;

export class OrderFeed {
  readonly #writer: Writer;
  #fresh = 0;
  #untimed = 0;
  #backlog: number;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  /** Begins with what an earlier run has left. */
  constructor(writer: Writer) {
    this.#writer = writer;
    this.#backlog = writer.orderBacklog();
    this.#later(IDLE_MS);
  }

  /** Called after each commit of messages, between two batches. */
  committed(messages: number): void {
    this.#fresh += messages;
    this.#untimed += messages;
    this.#backlog += messages;
    // At once, not by the timer: while messages keep coming, a timer would be put off for ever.
    // Over the bound of the tail, as after an upgrade, reads are refused: then every pause between two batches is used.
    const due = this.#fresh >= STEP_EVERY || this.#backlog > TAIL_MESSAGES_MAX;
    if (due && messages > 0) this.#step((orders) => this.#oneOrder(orders), IDLE_MS);
    else this.#later(IDLE_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  #oneOrder(orders: OrderFiller): void {
    if (this.#untimed >= TIME_MESSAGES) orders.fillByTime(TIME_MESSAGES);
    else orders.fillBySender(SENDER_MESSAGES, ROUND_MESSAGES);
  }

  #step(work: (orders: OrderFiller) => void, nextMs: number): void {
    this.#fresh = 0;
    const failure = this.#writer.stepOrders((orders) => {
      work(orders);
      this.#untimed = orders.untimed();
      this.#backlog = orders.backlog();
    });
    if (failure === null) return this.#later(nextMs);
    // Nothing was done, whatever the step has counted.
    this.#backlog = Math.max(this.#backlog, 1);
    this.#later(RETRY_MS);
  }

  #later(delayMs: number): void {
    this.close();
    if (this.#backlog === 0) return;
    const idle = (): void => this.#step((orders) => orders.fill(SENDER_MESSAGES), 0);
    // Not as soon as the time is over: after a long step a timer comes before the messages that wait in the port.
    this.#timer = setTimeout(() => {
      this.#immediate = setImmediate(idle);
    }, delayMs);
  }
}
