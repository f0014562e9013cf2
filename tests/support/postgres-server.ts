// A PostgreSQL server of the tests: made, started, stopped, killed, copied. It is durable as any other.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bounded, eventually } from './bounded.ts';
import { ordinaryUser } from './ordinary-user.ts';
import { freePort } from './ports.ts';
import { FREE_MEMORY, PostgresKeeper } from './postgres-keeper.ts';
import { postgresPrograms } from './postgres-programs.ts';
import type { PostgresPrograms, PostgresVersion } from './postgres-programs.ts';

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

/** By which the files of a run know its template: what `Template` has, as JSON. */
const TEMPLATE = 'ONCEBOX_TEST_POSTGRES_TEMPLATE';

/** The data of a server that never runs: a copy takes a third of the time of `initdb`. */
type Template = Pick<PostgresServer, 'version' | 'password' | 'data'>;

function templateOfRun(): Template | undefined {
  const template = process.env[TEMPLATE];
  return template === undefined ? undefined : (JSON.parse(template) as Template);
}

/** Makes the template of a run, and makes it known to the files of the run. Returns the server to be removed after it. */
export async function shareTemplate(version: PostgresVersion): Promise<PostgresServer> {
  const server = await PostgresServer.initialized(version);
  const { password, data } = server;
  process.env[TEMPLATE] = JSON.stringify({ version, password, data } satisfies Template);
  return server;
}

/** One server and its data. Its superuser is `postgres`; all users have the same password, of its own. */
export class PostgresServer {
  readonly version: PostgresVersion;
  readonly port: number;
  readonly password: string;
  readonly #directory: string;
  readonly #programs: PostgresPrograms;
  readonly #keeper: PostgresKeeper;
  #settings = SETTINGS;
  #child: ChildProcess | undefined;

  private constructor(version: PostgresVersion, port: number, password: string) {
    this.version = version;
    this.port = port;
    this.password = password;
    this.#directory = mkdtempSync(join(tmpdir(), 'oncebox-postgres-'));
    this.#keeper = new PostgresKeeper(this.#directory);
    const { uid, gid } = ordinaryUser();
    if (uid !== undefined && gid !== undefined) chownSync(this.#directory, uid, gid);
    this.#programs = postgresPrograms(version, this.#directory);
  }

  /** Makes a new server, and does not start it: a copy of the run's template where that is of the version. */
  static async create(version: PostgresVersion): Promise<PostgresServer> {
    const template = templateOfRun();
    if (template?.version !== version) return await PostgresServer.initialized(version);
    const server = new PostgresServer(version, await freePort(), template.password);
    server.takeData(template);
    return server;
  }

  /** Makes a new server whose data is a copy of no other's, and does not start it. */
  static async initialized(version: PostgresVersion): Promise<PostgresServer> {
    const password = randomBytes(12).toString('hex');
    const server = new PostgresServer(version, await freePort(), password);
    const file = join(server.#directory, 'password');
    writeFileSync(file, password, { mode: 0o644 });
    const user = ['--username=postgres', `--pwfile=${file}`, '--auth=scram-sha-256'];
    const initdb = join(server.#programs.bin, 'initdb');
    server.#run(initdb, [...user, '--encoding=UTF8', '--no-locale', `--pgdata=${server.data}`]);
    const include = `printf '%s\\n' "include = '../settings.conf'" >> data/postgresql.conf`;
    server.#run('sh', ['-c', include]);
    return server;
  }

  /** Makes a server with the same data and password; this one must not run. */
  async copy(): Promise<PostgresServer> {
    const server = new PostgresServer(this.version, await freePort(), this.password);
    server.takeData(this);
    return server;
  }

  /** Replaces the data, while it does not run, by that of another server, which does not run either or is in a backup. */
  takeData(from: Pick<PostgresServer, 'data'>): void {
    // A running server may remove a file before it is copied: it is none that a backup needs.
    const script = `data=data; ${FREE_MEMORY}
      rm -rf data; cp -R "$1" data; rm -f data/postmaster.*; test -f data/PG_VERSION`;
    this.#run('sh', ['-c', script, 'sh', from.data]);
  }

  /** Writes a file into its data. */
  writeData(name: string, text: string): void {
    this.#run('sh', ['-c', 'printf %s "$2" > "data/$1"', 'sh', name, text]);
  }

  /** The directory of its data. */
  get data(): string {
    return join(this.#directory, 'data');
  }

  /** The URL of a database for a user of the server. */
  url(database: string, user = 'postgres'): string {
    return `postgres://${user}:${this.password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Changes settings, which stay until others replace them. A running server takes those that need no restart. */
  configure(settings: PostgresSettings): void {
    this.#settings = { ...this.#settings, ...settings };
    const lines = Object.entries({ ...this.#settings, port: this.port }).map(
      ([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'\n`,
    );
    writeFileSync(join(this.#directory, 'settings.conf'), lines.join(''), { mode: 0o644 });
    if (this.running) this.#child?.kill('SIGHUP');
  }

  get running(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts it and waits until it accepts connections. */
  async start(settings: PostgresSettings = {}): Promise<void> {
    this.configure(settings);
    await eventually('the start of PostgreSQL', async () => {
      const before = this.log().length;
      if (await this.#accepts(this.#spawn())) return true;
      const said = this.log().slice(before);
      // What is left of a killed server ends by itself, in a moment.
      if (!said.includes('pre-existing shared memory')) throw new Error(said);
      return undefined;
    });
  }

  /** Ends it as an operator does: open transactions are rolled back, and connections end with a reason. */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
  }

  /** Kills it. Its processes for connections notice, and end by themselves. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it and removes all that it had. */
  async remove(): Promise<void> {
    await this.#keeper.end();
  }

  /** Everything that it has logged. */
  log(): string {
    try {
      return readFileSync(join(this.#directory, 'log'), 'utf8');
    } catch {
      return '';
    }
  }

  /** Runs a program in its directory as the user of the server. */
  #run(command: string, args: readonly string[]): void {
    const options = { cwd: this.#directory, env: this.#env, ...ordinaryUser() };
    const { status, stderr, error } = spawnSync(command, args, { ...options, encoding: 'utf8' });
    if (error) throw error;
    if (status !== 0) throw new Error(`${command}: ${stderr}`);
  }

  #spawn(): ChildProcess {
    const log = openSync(join(this.#directory, 'log'), 'a');
    const child = spawn(join(this.#programs.bin, 'postgres'), ['-D', this.data], {
      cwd: this.#directory,
      env: this.#env,
      stdio: ['ignore', log, log],
      detached: true,
      ...ordinaryUser(),
    });
    closeSync(log);
    child.unref();
    if (child.pid !== undefined) this.#keeper.hold(child.pid);
    child.once('exit', () => this.#keeper.release());
    this.#child = child;
    return child;
  }

  get #env(): Record<string, string> {
    return { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', ...this.#programs.env };
  }

  /** Waits until a new process accepts connections. False when it ends instead. */
  async #accepts(child: ChildProcess): Promise<boolean> {
    return await eventually('PostgreSQL to accept connections', () => {
      if (!this.running) return false;
      const [pid, , , , , , , state = ''] = this.#pidFile();
      return (pid === String(child.pid) && /ready|standby/.test(state)) || undefined;
    });
  }

  #pidFile(): string[] {
    try {
      return readFileSync(join(this.data, 'postmaster.pid'), 'utf8').split('\n');
    } catch {
      return [];
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || !this.running) return;
    const exit = once(child, 'exit');
    child.ref();
    child.kill(signal);
    await bounded(exit, () => `the end of PostgreSQL: ${this.log().slice(-4000)}`);
  }
}
