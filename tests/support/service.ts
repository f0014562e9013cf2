// Starts the real service as a process of its own, on a free port and a directory of its own, and speaks to it.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bounded } from './bounded.ts';
import { endAfter, temporaryDirectory } from './cleanup.ts';
import type { Cleaner } from './cleanup.ts';
import { bytesOf, SECRET, sign } from './message.ts';
import type { Draft } from './message.ts';
import { Output } from './output.ts';
import { postgresDatabase } from './postgres.ts';
import { send } from './request.ts';
import type { Answer, Request } from './request.ts';
import { pageIn } from './shapes.ts';
import type { Page } from './shapes.ts';

/** The file that `npm start` runs. */
const MAIN = fileURLToPath(new URL('../../app/main.ts', import.meta.url));

/** What a start allocates fits into it, which saves a tenth of the processor time of the start. */
const YOUNG_GENERATION = '--min-semi-space-size=16';

/** Settings of the service; undefined leaves a variable unset. */
export type Environment = Record<string, string | undefined>;

export interface Options {
  /** Where the process works and keeps its database; a fresh directory unless given. */
  directory?: string;
  /** Settings beside the defaults of the tests, or instead of them. */
  env?: Environment;
  /** Numeric user and group to run as. */
  uid?: number;
  /** The file to run instead of the project's own, such as a changed copy of it. */
  main?: string;
  /** A shell script that ends in `exec "$@"`, to run the service inside of something. */
  shell?: string;
}

/** How a process ended: by itself with a code, or by a signal. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A process of the service, running or not, with what it has written. */
export class ServiceProcess {
  readonly directory: string;
  /** What DATABASE_URL is. */
  readonly databaseUrl: string;
  readonly output: Output;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #ended: Promise<Exit>;

  constructor(t: Cleaner, options: Options) {
    this.directory = options.directory ?? temporaryDirectory(t);
    const settings = {
      WEBHOOK_SECRET: SECRET,
      DATABASE_URL: `sqlite:///${this.databasePath}`,
      HOST: '127.0.0.1',
    };
    // Nothing of the caller's environment gets in, so that the tests mean the same on every machine.
    const { PATH, NODE_COMPILE_CACHE } = process.env;
    const env = { PATH, NODE_COMPILE_CACHE, PORT: '0', ...settings, ...options.env };
    const plain = [process.execPath, YOUNG_GENERATION, options.main ?? MAIN] as const;
    const [command, ...args] = options.shell
      ? (['sh', '-c', options.shell, 'sh', ...plain] as const)
      : plain;
    const user = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
    this.databaseUrl = env.DATABASE_URL;
    this.#child = spawn(command, args, {
      cwd: this.directory,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C is for the tests, which end the service.
      detached: true,
      ...user,
    });
    this.output = new Output(this.#child);
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => resolve({ code, signal }));
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    endAfter(t, this.#child);
  }

  /** The database file of SQLite, unless a test sets DATABASE_URL. */
  get databasePath(): string {
    return join(this.directory, 'app.db');
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the service was never started');
    return this.#child.pid;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits for the end of the process, whether or not its output has been read to the end. */
  end(): Promise<Exit> {
    return bounded(this.#ended, () => 'the end of the process');
  }

  /** Waits for the end of the process and of its output. */
  exit(): Promise<Exit> {
    return bounded(
      this.exited,
      () => `the end of the service; its output: ${this.output.stdout.slice(-2000)}`,
    );
  }

  /** Sends the signal and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.signal(signal);
    return await this.exit();
  }
}

/** A service that accepts requests. */
export class Service extends ServiceProcess {
  port = 0;

  /** Waits until it accepts requests. */
  async listening(): Promise<void> {
    const line = await this.output.line(
      'the line that tells the address',
      (seen) => seen.event === 'listening',
    );
    this.port = Number(new URL(String(line.url)).port);
  }

  send(request: Request): Promise<Answer> {
    return send(this.port, request);
  }

  get(path: string): Promise<Answer> {
    return this.send({ path });
  }

  /** Posts a message, text or bytes to /webhook with the right signature, or with `signature` when it is given. */
  post(body: Draft | Buffer | string, signature?: string): Promise<Answer> {
    const bytes = bytesOf(body);
    const headers = { 'Content-Type': 'application/json', 'X-Signature': signature ?? sign(bytes) };
    return this.send({ method: 'POST', path: '/webhook', headers, body: bytes });
  }

  /** Posts messages that must be accepted, one after the other. */
  async store(...drafts: Draft[]): Promise<void> {
    for (const draft of drafts) {
      const answer = await this.post(draft);
      if (answer.status !== 200)
        throw new Error(
          `${answer.status} ${answer.text} for ${JSON.stringify(draft)}: ${this.output.stdout.slice(-500)}`,
        );
    }
  }

  /** The page that `GET /messages` gives for a query string, which must be accepted. */
  async page(query = ''): Promise<Page> {
    const answer = await this.get(`/messages${query}`);
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text} for ${query}`);
    return pageIn(answer.json());
  }

  /** The ids that `GET /messages` lists for a query string, in its order. */
  async ids(query = ''): Promise<string[]> {
    return (await this.page(query)).data.map((stored) => stored.message_id);
  }
}

/** The databases of services by the directory that they work in: a service that is started there again finds its own. */
const databases = new Map<string, string>();

/** Options with a database of the engine that ONCEBOX_TEST_ENGINE names, unless a test sets DATABASE_URL itself. */
async function withDatabase(
  t: Cleaner,
  options: Options,
): Promise<{ options: Options; drop?: () => Promise<void> | void }> {
  if (process.env['ONCEBOX_TEST_ENGINE'] !== 'postgres') return { options };
  if (options.env && 'DATABASE_URL' in options.env) return { options };
  const directory = options.directory ?? temporaryDirectory(t);
  let drop: (() => Promise<void> | void) | undefined;
  let url = databases.get(directory);
  if (url === undefined) {
    url = await postgresDatabase({
      after: (clean) => {
        drop = clean;
      },
    });
    databases.set(directory, url);
  }
  const env = { ...options.env, DATABASE_URL: url };
  return { options: { ...options, directory, env }, ...(drop && { drop }) };
}

/** Starts the service and returns it once it accepts requests; it is ended after the test. */
export async function startService(t: Cleaner, options: Options = {}): Promise<Service> {
  const prepared = await withDatabase(t, options);
  const service = new Service(t, prepared.options);
  // The service ends before its database does.
  if (prepared.drop) t.after(prepared.drop);
  await service.listening();
  return service;
}
