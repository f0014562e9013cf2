// Starts a server as a process of its own, waits until it is ready, asks for its metrics, stops it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { SECRET } from './requests.ts';
import { THIS_TREE, type Tree, compileCacheOf, nodeOf } from './trees.ts';

/** The service, and the flags with which `make run` starts it. */
const SERVICE = 'app/main.ts';
const START_FLAGS = ['--max-semi-space-size=16', '--no-allocation-site-pretenuring'];

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 5;
const STOP_TIMEOUT_MS = 60_000;

/** `null`: the log goes to /dev/null. `pipe`: it goes through a pipe that is read. */
export type LogSink = 'null' | 'pipe';

export interface Server {
  readonly url: string;
  readonly pid: number;
  /** The process of the database server that it stores in, where that is one of its own. */
  readonly databasePid?: number;
  /** Time from the start of the process to the first 200 of /health/ready. */
  readonly readyMs: number;
  /** Ends the process with SIGTERM. Rejects when it does not end well in time. */
  readonly stop: () => Promise<void>;
  /** Ends the process with SIGKILL, as a crash would. */
  readonly kill: () => Promise<void>;
}

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
process.once('SIGTERM', () => process.exit(143));
process.once('SIGINT', () => process.exit(130));

/** Starts the service of a tree on a database file. `others`: settings beside those of every benchmark. */
export function startService(
  databasePath: string,
  log: LogSink,
  tree: Tree = THIS_TREE,
  others: Record<string, string> = {},
): Promise<Server> {
  const settings = { DATABASE_URL: `sqlite:///${databasePath}`, HOST: '127.0.0.1', ...others };
  return start(tree, SERVICE, settings, log);
}

/** Starts the service of a tree on the database of a URL. */
export function startServiceOn(databaseUrl: string, log: LogSink, tree: Tree): Promise<Server> {
  const settings = { DATABASE_URL: databaseUrl, HOST: '127.0.0.1' };
  return start(tree, SERVICE, settings, log);
}

/** Starts the plain Fastify server on an empty database of PostgreSQL. */
export function startFastifyServer(databaseUrl: string): Promise<Server> {
  return start(THIS_TREE, 'bench/fastify-server.ts', { DATABASE_URL: databaseUrl }, 'null');
}

/** Starts the bare server: the durable floor on a database file, or without one the null server. */
export function startBareServer(databasePath: string | null): Promise<Server> {
  const settings = databasePath === null ? {} : { FLOOR_DATABASE: databasePath };
  return start(THIS_TREE, 'bench/bare-server.ts', settings, 'null');
}

async function start(
  tree: Tree,
  program: string,
  settings: Record<string, string>,
  log: LogSink,
): Promise<Server> {
  const port = await freePort();
  const startMs = performance.now();
  const entry = join(tree.path, program);
  const flags = tree === THIS_TREE && program === SERVICE ? START_FLAGS : [];
  const child = spawn(nodeOf(tree), [...flags, entry], {
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: compileCacheOf(tree),
      WEBHOOK_SECRET: SECRET,
      PORT: String(port),
      ...settings,
    },
    stdio: ['ignore', log === 'pipe' ? 'pipe' : 'ignore', 'inherit'],
  });
  children.add(child);
  const ended = once(child, 'close').then(() => children.delete(child));
  child.stdout?.resume();
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    const obstacle = await unready(url);
    if (obstacle === null) break;
    if (child.exitCode !== null) throw new Error(`${entry} ended with code ${child.exitCode}`);
    if (performance.now() - startMs > READY_TIMEOUT_MS) throw new Error(`${entry}: ${obstacle}`);
    await sleep(POLL_MS);
  }
  const readyMs = performance.now() - startMs;
  return {
    url,
    pid: child.pid ?? 0,
    readyMs,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    stop: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
      if (child.exitCode !== 0 && child.signalCode !== 'SIGTERM') {
        throw new Error(`${entry} ended with ${child.exitCode ?? child.signalCode ?? 'nothing'}`);
      }
    },
  };
}

/** The samples of /metrics: the name with its labels, as written there, and the value. */
export async function scrape(url: string): Promise<Map<string, number>> {
  const body = await (await fetch(`${url}/metrics`)).text();
  const samples = new Map<string, number>();
  for (const line of body.split('\n')) {
    const space = line.lastIndexOf(' ');
    if (!line.startsWith('#') && space > 0) {
      samples.set(line.slice(0, space), Number(line.slice(space + 1)));
    }
  }
  return samples;
}

/** Null when the server is ready, else what it says instead. */
async function unready(url: string): Promise<string | null> {
  try {
    const response = await fetch(`${url}/health/ready`);
    const body = await response.text();
    return response.status === 200 ? null : body;
  } catch (error) {
    return String(error);
  }
}

/** A port that was free a moment ago: the log, which names the port, is not read here. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
