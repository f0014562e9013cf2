// From a location to a connection that keeps the promise: the primary among the hosts, with settings that do not lose messages.
import type { PostgresHost, PostgresLocation } from '../../../model/database.ts';
import { StoreUnavailable } from '../../store.ts';
import { ServerRefused, isHopeless } from './failure.ts';
import { Session } from './session.ts';

/** The oldest version that the tests run on. */
const VERSION_MIN = 150_000;

export class Connector {
  readonly #location: PostgresLocation;
  /** The one that was the primary last is tried first. */
  #hosts: PostgresHost[];

  constructor(location: PostgresLocation) {
    this.#location = location;
    this.#hosts = [...location.hosts];
  }

  /**
   * Connects to the first host that accepts writes. Rejects with ServerRefused where its settings break the promise, with
   * StoreUnavailable, and with what the client throws where no host is one.
   */
  async connect(queryMs: number): Promise<Session> {
    let failure: unknown = null;
    for (const host of this.#hosts) {
      try {
        const session = await Session.open(this.#location, host, queryMs);
        await checked(session);
        this.#hosts = [host, ...this.#hosts.filter((other) => other !== host)];
        return session;
      } catch (error) {
        // One that will never do is worth more as a reason than one that is away.
        if (failure === null || isHopeless(error)) failure = error;
      }
    }
    throw failure;
  }
}

const NO_PRIMARY = 'the server is a standby, or read-only: no primary';
const READ_ONLY = `pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool`;
const CHECK = `SELECT ${READ_ONLY},
  current_setting('server_version_num')::int4, current_setting('fsync')::bool,
  current_setting('full_page_writes')::bool, current_setting('server_encoding'), pg_backend_pid()`;
type CheckRow = readonly [
  readOnly: boolean,
  version: number,
  fsync: boolean,
  fullPageWrites: boolean,
  encoding: string,
  process: number,
];

/** Rejects with StoreUnavailable where the server accepts no writes any more, and with what the client throws. */
export async function assertPrimary(session: Session): Promise<void> {
  const [row] = await session.rows<[boolean]>(`SELECT ${READ_ONLY}`);
  if (row?.[0] !== false) throw new StoreUnavailable('database', NO_PRIMARY);
}

/** Ends the connection, and rejects, where the server must not be used. */
async function checked(session: Session): Promise<void> {
  try {
    const [row] = await session.rows<CheckRow>(CHECK);
    if (row === undefined) throw new Error('the server has no settings');
    const [readOnly, version, fsync, fullPageWrites, encoding, process] = row;
    session.process = process;
    if (readOnly) throw new StoreUnavailable('database', NO_PRIMARY);
    if (version < VERSION_MIN) throw new ServerRefused('the server is older than PostgreSQL 15');
    if (!fsync) throw new ServerRefused('fsync = off: what is committed could be lost; set it on');
    if (!fullPageWrites)
      throw new ServerRefused('full_page_writes = off: a crash could damage pages; set it on');
    if (encoding !== 'UTF8')
      throw new ServerRefused(`the encoding of the database is ${encoding}: it must be UTF8`);
  } catch (error) {
    session.destroy();
    throw error;
  }
}
