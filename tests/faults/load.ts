// A provider in a hurry: many posts under way over a few connections, with repeats of what is in flight, and a record of every answer.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { sign } from '../support/message.ts';
import type { Stored } from '../support/message.ts';
import type { Answer } from '../support/request.ts';
import type { Environment, Service } from '../support/service.ts';

/** Posts that one connection has under way. */
const PIPELINE = 8;
/** Reads are rare beside the posts: a search of everything takes the machine from them. */
const READ_EVERY = 100;
const READS = ['/messages?limit=5', '/messages?q=WORD&limit=1', '/stats', '/messages?from=%2B1555'];

/** What one connection waits for: the message it posted, or null for a read. */
type Expected = Stored | null;

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  /** Makes ids that no other load makes. */
  readonly prefix: string;
  /** Reads are sent between the posts unless this is false. */
  readonly reads?: boolean;
  /** One message in so many is older than RETENTION keeps; none unless given. */
  readonly oldEvery?: number;
  /** Where messages that were answered 200 are recorded, in the order of their answers; one of its own unless given. */
  readonly acknowledged?: Map<string, Stored>;
  /** How long each connection waits after answers before it sends on; not at all unless given. */
  readonly pauseMs?: number;
}

export class Load {
  /** Every message that was answered 200, by its id. */
  readonly acknowledged: Map<string, Stored>;
  /** Every message that was refused with 503, by its id, unless it was accepted after all. */
  readonly refused = new Map<string, Stored>();
  /** Answers by their status. */
  readonly statuses = new Map<number, number>();
  /** Messages that were sent and have no answer, once the connections have ended. */
  readonly unanswered = new Map<string, Stored>();
  readonly #options: LoadOptions;
  readonly #inFlight = new Map<string, Stored>();
  readonly #lanes: Lane[];
  #count = 0;
  #stopped = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.acknowledged = options.acknowledged ?? new Map<string, Stored>();
    this.#lanes = Array.from(
      { length: options.connections },
      () =>
        new Lane(options, {
          next: () => (this.#stopped ? undefined : this.#next()),
          answered: (expected, status) => this.#answered(expected, status),
          lost: (expected) => this.unanswered.set(expected.message_id, expected),
        }),
    );
  }

  /** Sends nothing more. Resolves when every connection has had its answers or has broken. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.ended();
  }

  /** Resolves when every connection has ended, as they do when the service dies. */
  async ended(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.ended));
  }

  #next(): { bytes: Buffer; expected: Expected } {
    this.#count += 1;
    const turn = this.#count % READ_EVERY;
    if (turn === 0 && this.#options.reads !== false) {
      const path = READS[(this.#count / READ_EVERY) % READS.length] ?? '';
      return { bytes: Buffer.from(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`), expected: null };
    }
    // Every seventh post repeats one that is being stored at this moment.
    const [first] = turn % 7 === 0 ? this.#inFlight.values() : [];
    const stored = first ?? this.#create();
    this.#inFlight.set(stored.message_id, stored);
    return { bytes: postBytes(stored), expected: stored };
  }

  #create(): Stored {
    const { prefix, oldEvery } = this.#options;
    const stored = numbered(prefix, this.#count);
    return oldEvery !== undefined && this.#count % oldEvery === 0 ? aged(stored) : stored;
  }

  #answered(expected: Expected, status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (expected === null) return;
    this.#inFlight.delete(expected.message_id);
    if (status === 200) {
      this.acknowledged.set(expected.message_id, expected);
      this.refused.delete(expected.message_id);
    } else if (!this.acknowledged.has(expected.message_id)) {
      this.refused.set(expected.message_id, expected);
    }
  }
}

/** The message of a load with this number: its text has a word that no other has. */
export function numbered(prefix: string, number: number): Stored {
  return {
    message_id: `${prefix}-${number}`,
    from: `+1555${number % 97}`,
    to: '+14155550100',
    ts: `2025-01-15T10:${String(number % 60).padStart(2, '0')}:00.${number % 1_000}Z`,
    text: `${prefix} word${number}end ${'x'.repeat(number % 211)}`,
  };
}

/** Keeps the messages of these loads, but for those of `aged`. They are not twice as old as that: while they wait to be forwarded, they stay, too. */
export const RETENTION: Environment = { RETENTION_DAYS: '10000' };
const OLD_TS = '1990-01-15T10:00:00Z';

/** The message, older than RETENTION keeps. */
export function aged(stored: Stored): Stored {
  return { ...stored, ts: OLD_TS };
}

export function isAged({ ts }: Stored): boolean {
  return ts === OLD_TS;
}

interface Job {
  readonly next: () => { bytes: Buffer; expected: Expected } | undefined;
  readonly answered: (expected: Expected, status: number) => void;
  readonly lost: (expected: Stored) => void;
}

/** One connection with several requests under way. */
class Lane {
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  readonly #job: Job;
  readonly #pauseMs: number;
  readonly #expected: Expected[] = [];
  #received = '';
  #pause: NodeJS.Timeout | undefined;

  constructor({ port, pauseMs = 0 }: LoadOptions, job: Job) {
    this.#job = job;
    this.#pauseMs = pauseMs;
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('connect', () => this.#fill());
    this.#socket.on('data', (text) => this.#read(String(text)));
    // A reset is how a killed service looks from here.
    this.#socket.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      this.#socket.once('close', () => {
        clearTimeout(this.#pause);
        for (const expected of this.#expected) if (expected !== null) job.lost(expected);
        resolve();
      });
    });
  }

  #fill(): void {
    this.#pause = undefined;
    const parts: Buffer[] = [];
    while (this.#expected.length < PIPELINE) {
      const job = this.#job.next();
      if (job === undefined) break;
      this.#expected.push(job.expected);
      parts.push(job.bytes);
    }
    if (parts.length > 0) this.#socket.write(Buffer.concat(parts));
    else if (this.#expected.length === 0) this.#socket.end();
  }

  #read(text: string): void {
    this.#received += text;
    for (;;) {
      const end = this.#received.indexOf('\r\n\r\n');
      if (end === -1) break;
      const head = this.#received.slice(0, end);
      const length = Number(/\r\ncontent-length: ([0-9]+)/i.exec(head)?.[1]);
      if (this.#received.length < end + 4 + length) break;
      this.#received = this.#received.slice(end + 4 + length);
      this.#job.answered(this.#expected.shift() ?? null, Number(head.slice(9, 12)));
    }
    if (this.#pauseMs === 0) this.#fill();
    else this.#pause ??= setTimeout(() => this.#fill(), this.#pauseMs);
  }
}

/** Posts one message by itself, as a provider does whose post was refused or never answered. */
export function postAgain(service: Service, stored: Stored): Promise<Answer> {
  const body = JSON.stringify(stored);
  const headers = { 'X-Signature': sign(body), 'X-Request-ID': stored.message_id };
  return service.send({ method: 'POST', path: '/webhook', headers, body });
}

/** A signed post whose request id is the message's, so that its answer can be told among recorded bytes. */
export function postBytes(stored: Stored): Buffer {
  const body = JSON.stringify(stored);
  return Buffer.from(
    `POST /webhook HTTP/1.1\r\nHost: a\r\nX-Request-ID: ${stored.message_id}\r\n` +
      `X-Signature: ${sign(body)}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
