// Forwarding beside a load: messages of one source one by one, posts of another as they came, to an application that takes everything at once.
import assert from 'node:assert/strict';
import { type Application, destinations, startApplication } from '../support/application.ts';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { query } from '../support/database.ts';
import { isIdle, shown } from '../support/forwards.ts';
import type { Stored } from '../support/message.ts';
import { PersistentSender } from '../support/persistent-sender.ts';
import type { Environment, Service } from '../support/service.ts';
import { signedBy } from '../support/sources.ts';
import { aged, numbered } from './load.ts';

const NAMES = ['items', 'posts'] as const;
/** Requests in flight for a destination: the default. */
const CONCURRENCY = 8;
/** What a death may repeat: what is in flight, and what succeeded and was not durable. */
const REPEATS_A_KILL = NAMES.length * 2 * CONCURRENCY;
/** One message in so many is old enough to be removed. */
const OLD_EVERY = 4;

export interface ForwardedLoadOptions {
  /** The ports of services at this moment; none while there is nobody. */
  readonly ports: () => readonly number[];
  /** Makes ids that no other load makes. */
  readonly prefix: string;
}

/** The messages of a life that are forwarded one by one, and the application that gets them. */
export class ForwardedLoad {
  /** Settings of the service. */
  readonly env: Environment;
  readonly #application: Application;
  readonly #sender: PersistentSender<Stored>;

  private constructor(application: Application, { ports, prefix }: ForwardedLoadOptions) {
    this.#application = application;
    const url = `http://127.0.0.1:${application.port}`;
    // What fails once must not be given up.
    const lasting = { RETRY_HOURS: undefined };
    this.env = destinations(
      { items: url, posts: url },
      {
        items: { SOURCES: 'shop', ...lasting },
        posts: { SOURCES: 'wa', MODE: 'raw', ...lasting },
      },
    );
    this.#sender = new PersistentSender<Stored>({
      ports,
      senders: 4,
      twiceEvery: 7,
      retryMs: 20,
      post: (number) => {
        const plain = numbered(`${prefix}-shop`, number);
        const record = number % OLD_EVERY === 0 ? aged(plain) : plain;
        const body = JSON.stringify(record);
        const headers = signedBy('shop', Buffer.from(body));
        return { key: record.message_id, record, path: '/webhook/shop', headers, body };
      },
    });
  }

  /** Begins at once; ended after the test. */
  static async start(t: Cleaner, options: ForwardedLoadOptions): Promise<ForwardedLoad> {
    const load = new ForwardedLoad(await startApplication(t), options);
    t.after(() => load.#sender.abandon());
    return load;
  }

  /** Every message that was answered 200, by its id as it is stored. */
  get acknowledged(): ReadonlyMap<string, Stored> {
    return new Map([...this.#sender.acknowledged].map(([id, sent]) => [`shop:${id}`, sent]));
  }

  /** Sends nothing new. Resolves when all of it is accepted, and the service has nothing left to forward, however long that takes. */
  async settle(service: Service): Promise<void> {
    await this.#sender.stop();
    for (const name of NAMES) {
      for (;;) {
        const before = this.#application.taken.length;
        const now = await shown(service, name);
        if (isIdle(now)) break;
        await eventually(
          `${name} to be forwarded, ${now.behind} of them behind`,
          async () =>
            this.#application.taken.length > before ||
            isIdle(await shown(service, name)) ||
            undefined,
          100,
        );
      }
    }
  }

  /**
   * The application has got each message and each post that is or was stored, nothing else, and no more of it twice than so many deaths
   * explain. Returns how many it has got, and how many repeats.
   */
  assertArrived(databasePath: string, kills: number): { forwarded: number; repeats: number } {
    const { taken } = this.#application;
    const arrived = new Set(taken);
    const posts = query(databasePath, "SELECT number FROM deliveries WHERE source = 'wa'");
    const expected = new Set([
      ...this.acknowledged.keys(),
      ...posts.map(({ number }) => `delivery:${String(number)}`),
    ]);
    assert.deepEqual([...expected].filter((id) => !arrived.has(id)).slice(0, 5), []);
    assert.deepEqual([...arrived].filter((id) => !expected.has(id)).slice(0, 5), []);
    const repeats = taken.length - arrived.size;
    assert.ok(repeats <= kills * REPEATS_A_KILL, `${repeats} repeats after ${kills} kills`);
    return { forwarded: arrived.size, repeats };
  }
}
