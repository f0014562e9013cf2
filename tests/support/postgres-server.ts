// A PostgreSQL server of the tests: made, started, stopped and killed. Nothing is left of it when the tests are gone, however they went.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bounded, eventually } from './bounded.ts';
import { npmPrograms } from './postgres-programs.ts';
import type { PostgresPrograms } from './postgres-programs.ts';

/** Settings as in postgresql.conf. */
export type PostgresSettings = Readonly<Record<string, string | number>>;

/** What every server of the tests has. What makes commits durable is left at its default, which is on. */
const SETTINGS: PostgresSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 500,
  shared_buffers: '64MB',
  // In files below the data directory, which are removed with it, instead of in /dev/shm.
  dynamic_shared_memory_type: 'mmap',
};

/**
 * Waits for the end of its input, which comes when the tests are gone. Then it ends the server that it was told of
 * last, at once, and removes its directory, and the shared memory that a killed server leaves.
 */
const KEEP = `
  while read -r line; do pid=$line; done
  left=100
  [ -z "$pid" ] || kill -QUIT "$pid" 2>/dev/null
  while [ $left -gt 0 ] && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.05; left=$((left - 1)); done
  memory=$(sed -n 7p "$1/data/postmaster.pid" 2>/dev/null | { read -r key id; echo "$id"; })
  [ -z "$memory" ] || ipcrm -m "$memory" 2>/dev/null
  rm -rf "$1"
`;

/** One server, its data, its superuser `postgres` with a password of its own. */
export class PostgresServer {
  readonly password = randomBytes(12).toString('hex');
  readonly #directory: string;
  readonly #programs: PostgresPrograms;
  readonly #keeper: ChildProcess;
  readonly #port: number;
  #settings = SETTINGS;
  #child: ChildProcess | undefined;

  private constructor(directory: string, port: number, programs: PostgresPrograms) {
    this.#directory = directory;
    this.#port = port;
    this.#programs = programs;
    // In a session of its own, so that Ctrl-C does not end it before its work; nothing waits for it.
    this.#keeper = spawn('sh', ['-c', KEEP, 'sh', directory], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#keeper.unref();
    (this.#keeper.stdin as Socket).unref();
  }

  /** Makes the files of a new server, and does not start it. */
  static async create(): Promise<PostgresServer> {
    const directory = mkdtempSync(join(tmpdir(), 'oncebox-postgres-'));
    const programs = npmPrograms(directory);
    const { uid, gid } = programs.user;
    if (uid !== undefined && gid !== undefined) chownSync(directory, uid, gid);
    const server = new PostgresServer(directory, await freePort(), programs);
    server.#initialize();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  /** The URL of a database for a user, who has the password of this server. */
  url(database: string, user = 'postgres'): string {
    return `postgres://${user}:${this.password}@127.0.0.1:${this.#port}/${database}`;
  }

  /** Starts it, with settings that stay until others replace them, and waits until it accepts connections. */
  async start(settings: PostgresSettings = {}): Promise<void> {
    this.#settings = { ...this.#settings, ...settings };
    await eventually('PostgreSQL', async () => {
      const child = this.#spawn();
      if (await this.#accepts(child)) return true;
      // What is left of a killed server ends by itself, in a moment.
      if (!this.log().includes('pre-existing shared memory')) throw new Error(this.log());
      return undefined;
    });
  }

  /** Ends it as an operator does: open transactions are rolled back, and the data is complete on disk. */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
  }

  /** Kills it. Its other processes notice, and end by themselves. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it and removes all that it had. */
  async remove(): Promise<void> {
    this.#keeper.ref();
    const gone = once(this.#keeper, 'exit');
    this.#keeper.stdin?.end();
    await bounded(gone, () => 'the end of PostgreSQL');
  }

  /** The last lines of its log. */
  log(): string {
    return readFileSync(join(this.#directory, 'log'), 'utf8').slice(-4000);
  }

  get #data(): string {
    return join(this.#directory, 'data');
  }

  #initialize(): void {
    const { bin, env, user } = this.#programs;
    const password = join(this.#directory, 'password');
    writeFileSync(password, this.password, { mode: 0o644 });
    const args = ['--username=postgres', `--pwfile=${password}`, '--auth=scram-sha-256'];
    const { status, stderr, error } = spawnSync(
      join(bin, 'initdb'),
      [...args, '--encoding=UTF8', '--no-locale', '--no-instructions', `--pgdata=${this.#data}`],
      {
        cwd: this.#directory,
        env: { PATH: process.env['PATH'], ...env },
        ...user,
        encoding: 'utf8',
      },
    );
    if (error) throw error;
    if (status !== 0) throw new Error(`initdb: ${stderr}`);
  }

  #spawn(): ChildProcess {
    const { bin, env, user } = this.#programs;
    const settings = Object.entries({ ...this.#settings, port: this.#port });
    const log = openSync(join(this.#directory, 'log'), 'a');
    const child = spawn(
      join(bin, 'postgres'),
      ['-D', this.#data, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      {
        cwd: this.#directory,
        env: { PATH: process.env['PATH'], ...env },
        stdio: ['ignore', log, log],
        detached: true,
        ...user,
      },
    );
    closeSync(log);
    child.unref();
    this.#keeper.stdin?.write(`${child.pid}\n`);
    this.#child = child;
    return child;
  }

  /** Waits until a new process accepts connections. False when it ends instead. */
  async #accepts(child: ChildProcess): Promise<boolean> {
    return await eventually('PostgreSQL to accept connections', () => {
      if (child.exitCode !== null || child.signalCode !== null) return false;
      const [pid, , , , , , , state = ''] = this.#pidFile();
      return (pid === String(child.pid) && /ready|standby/.test(state)) || undefined;
    });
  }

  #pidFile(): string[] {
    try {
      return readFileSync(join(this.#data, 'postmaster.pid'), 'utf8').split('\n');
    } catch {
      return [];
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await bounded(exit, () => `the end of PostgreSQL: ${this.log()}`);
  }
}

/** A free port below those that the system gives to outgoing connections, so that it is still free at a restart. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(randomInt(15_000, 32_000), '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return await freePort();
  }
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
