// Puts load on a server from a process of its own: wrk where it is installed, else the generator in load-node.ts.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** What the clients saw. */
export interface LoadFigures {
  readonly requests: number;
  readonly seconds: number;
  /** Answers with a status over 399. */
  readonly refused: number;
  /** Connections that could not be made. */
  readonly unconnected: number;
  /** Connections that broke while a request was sent or its answer read. */
  readonly broken: number;
  /** Requests that had no answer within the time limit of the generator. */
  readonly late: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly p999_ms: number;
  readonly max_ms: number;
}

export interface Load {
  readonly url: string;
  /** Written by `writeRequests`. */
  readonly file: string;
  /** `once`: each request is sent at most once. `again`: the file starts over, for a server that stores nothing. */
  readonly use: 'once' | 'again';
  readonly connections: number;
  readonly seconds: number;
}

/** The generator that is used on this machine. */
export const GENERATOR: 'wrk' | 'node' =
  spawnSync('wrk', ['--version'], { stdio: 'ignore' }).error === undefined ? 'wrk' : 'node';

/** wrk ends without waiting for what is in flight, so a server may have stored up to one message a connection more than were counted. */
export const CUT_OFF_PER_CONNECTION = GENERATOR === 'wrk' ? 1 : 0;

/** Longer than wrk's own 2 s: a slow answer is a long latency and no failure. */
const TIMEOUT = '30s';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Runs the load. Rejects when the generator fails, also when the file of requests ran out. */
export async function runLoad({
  url,
  file,
  use,
  connections,
  seconds,
}: Load): Promise<LoadFigures> {
  const [command, ...parameters]: [string, ...string[]] =
    GENERATOR === 'wrk'
      ? [
          'wrk',
          '-t1',
          '--timeout',
          TIMEOUT,
          `-c${connections}`,
          `-d${seconds}s`,
          '-s',
          path('load.lua'),
          url,
          '--',
          file,
          use,
        ]
      : [
          process.execPath,
          path('load-node.ts'),
          url,
          file,
          use,
          String(connections),
          String(seconds),
        ];
  const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const result = /^RESULT (.*)$/m.exec(output)?.[1];
  if (child.exitCode !== 0 || result === undefined) {
    throw new Error(`the load generator ended with code ${child.exitCode ?? 'none'}: ${output}`);
  }
  return JSON.parse(result) as LoadFigures;
}
