// A provider of plain messages that gives up on nothing, for several replicas.
import { numbered } from '../faults/load.ts';
import { sign } from '../support/message.ts';
import type { Stored } from '../support/message.ts';
import { PersistentSender } from '../support/persistent-sender.ts';

export interface ProviderOptions {
  /** The ports of the replicas at this moment. */
  readonly ports: () => readonly number[];
  /** Makes ids that no other provider makes. */
  readonly prefix: string;
  /** Messages under way at once. */
  readonly senders?: number;
}

/** Begins at once. Every message that was answered 200 is recorded by its id. */
export class Provider extends PersistentSender<Stored> {
  constructor({ ports, prefix, senders = 8 }: ProviderOptions) {
    super({
      ports,
      senders,
      // Mostly to two replicas.
      twiceEvery: 7,
      retryMs: 50,
      post: (number) => {
        const record = numbered(prefix, number);
        const body = JSON.stringify(record);
        const headers = { 'X-Signature': sign(body) };
        return { key: record.message_id, record, path: '/webhook', headers, body };
      },
    });
  }
}
