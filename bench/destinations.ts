// Applications that take what is forwarded, and the settings that forward everything to them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('forward-receiver.ts', import.meta.url));
const KEY = `whsec_${Buffer.from('a key of 32 bytes for forwarding').toString('base64')}`;

export interface Receiver {
  readonly url: string;
  /** How many items arrived in all, and how old those were that arrived since the last call. */
  figures(): Promise<{ count: number; p50_ms: number; p99_ms: number }>;
  end(): void;
}

const processes = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of processes) child.kill('SIGKILL');
});

/** Starts an application that answers after `delayMs`. */
export async function startReceiver(delayMs: number): Promise<Receiver> {
  const child: ChildProcess = spawn(process.execPath, [PROGRAM, String(delayMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  processes.add(child);
  const [port] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  const url = `http://127.0.0.1:${String(port).trim()}/`;
  return {
    url,
    figures: async () =>
      (await (await fetch(url)).json()) as Awaited<ReturnType<Receiver['figures']>>,
    end: () => {
      processes.delete(child);
      child.kill();
    },
  };
}

/** The settings of a service that forwards all it has to each of the applications. `each`: settings of each destination. */
export function forwardingTo(
  receivers: readonly Receiver[],
  each: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const names = receivers.map((_, at) => `app-${at}`);
  const all = receivers.flatMap(({ url }, at) =>
    Object.entries({ URL: url, SECRET: KEY, START: 'beginning', ...each }).map(
      ([end, value]) => [`FORWARD_APP_${at}_${end}`, value] as const,
    ),
  );
  return { FORWARDS: names.join(), ...Object.fromEntries(all) };
}
