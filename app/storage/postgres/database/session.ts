// One connection to the server: statements are sent without waiting for the ones before them, and rows come back as arrays.
import { Client, types } from 'pg';
import type { PostgresHost, PostgresLocation } from '../../../model/database.ts';
import { tlsOptions } from './tls.ts';

/** What a statement takes: arrays are Buffers in PostgreSQL's binary format (`arrays.ts`). */
export type Value = string | number | boolean | Uint8Array | null;

const CONNECT_MS_MAX = 5_000;
const KEEP_ALIVE_MS = 10_000;
const INT8 = 20;

/** int8 as a number: all of ours are within 2^53. */
const TYPES = {
  getTypeParser: (oid: number, format?: 'text' | 'binary'): unknown =>
    oid === INT8 ? Number : types.getTypeParser(oid, format),
};

export class Session {
  readonly #client: Client;
  #process = 0;
  #isDirect = false;
  #broken = false;
  readonly #notices = new Set<string>();
  #quiet = Promise.resolve();
  #corked = false;

  private constructor(client: Client) {
    this.#client = client;
    client.on('error', () => (this.#broken = true));
    client.on('end', () => (this.#broken = true));
    client.on('notice', ({ routine }) => {
      if (routine !== undefined) this.#notices.add(routine);
    });
  }

  /** Connects to one host. A statement that takes longer than `queryMs` ends the connection. Rejects with what the client throws. */
  static async open(
    location: PostgresLocation,
    { host, port }: PostgresHost,
    queryMs: number,
  ): Promise<Session> {
    const { mode } = location.tls;
    try {
      return await connected(location, { host, port }, queryMs, tlsOptions(location.tls));
    } catch (error) {
      if (mode !== 'prefer' || !refusesTls(error)) throw error;
      return await connected(location, { host, port }, queryMs, false);
    }
  }

  static of(client: Client): Session {
    return new Session(client);
  }

  /** The process of the server; behind a pooler that of one transaction. */
  get process(): number {
    return this.#process;
  }

  /** Takes what the server says its process is. A pooler has given the client another number. */
  set process(process: number) {
    this.#process = process;
    this.#isDirect = Reflect.get(this.#client, 'processID') === process;
  }

  /** Whether the connection has ended. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Returns the functions of the server that have sent a notice since the last call: their names are in no language. */
  takeNotices(): ReadonlySet<string> {
    const notices = new Set(this.#notices);
    this.#notices.clear();
    return notices;
  }

  /**
   * Runs one statement, after those that were sent before it. One with a name is planned once for the connection, but for behind a pooler, where
   * the next transaction may be another server connection's. Rejects with what the client throws.
   */
  async rows<Row extends readonly unknown[]>(
    text: string,
    values: readonly Value[] = [],
    name?: string,
  ): Promise<Row[]> {
    const prepared = name !== undefined && this.#isDirect ? { name } : {};
    const query = { text, values: [...values], rowMode: 'array' as const, ...prepared };
    this.#cork();
    const { rows } = await this.#client.query<unknown[]>(query);
    return rows as unknown as Row[];
  }

  /** Runs one statement, and returns how many rows it changed or returned. */
  async run(text: string, values: readonly Value[] = []): Promise<number> {
    this.#cork();
    const { rowCount } = await this.#client.query(text, [...values]);
    return rowCount ?? 0;
  }

  /** Runs a last statement, for which nobody waits: the connection ends where it fails. `quiet` resolves when it is done. */
  finish(text: string): void {
    this.#quiet = this.run(text).then(
      () => undefined,
      () => this.destroy(),
    );
  }

  /** Resolves when the connection can be passed on: a pooler must not see the next transaction before the end of this one. */
  get quiet(): Promise<void> {
    return this.#quiet;
  }

  /** What is sent without waiting in between leaves in one piece: a write, and the server's waking for it, cost as much as a statement. */
  #cork(): void {
    if (this.#corked) return;
    const { stream } = this.#client.connection;
    this.#corked = true;
    stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      stream.uncork();
    });
  }

  /** Ends the connection, also in the middle of a statement. */
  destroy(): void {
    this.#broken = true;
    this.#client.connection.stream.destroy();
  }

  /** Ends the connection after what was sent. */
  async end(): Promise<void> {
    this.#broken = true;
    await this.#client.end();
  }
}

async function connected(
  location: PostgresLocation,
  { host, port }: PostgresHost,
  queryMs: number,
  ssl: ReturnType<typeof tlsOptions>,
): Promise<Session> {
  const client = new Client({
    host,
    port,
    user: location.user,
    // A function, as an empty password would be looked for in the environment and in files.
    password: () => location.password ?? '',
    database: location.database,
    application_name: location.applicationName,
    ssl,
    pipeline: true,
    types: TYPES,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    query_timeout: queryMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  });
  const session = Session.of(client);
  await client.connect();
  return session;
}

function refusesTls(error: unknown): boolean {
  return error instanceof Error && error.message.includes('does not support SSL');
}
